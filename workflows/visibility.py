"""What operators read of a run in the Temporal Web UI: columns, a headline, the state in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from .domain.cases import CaseOrder, Stage
from .domain.declines import Advice
from .domain.deposits import DepositOrder
from .domain.deposits import Status as DepositStatus
from .domain.payments import Attempt, CaptureMethod, Facts, Kind, Problem, Recalled, RouteTaken
from .domain.payouts import PayoutOrder
from .domain.payouts import Status as PayoutStatus
from .domain.psp import Authentication
from .domain.refunds import RefundOrder
from .domain.refunds import Status as RefundStatus

PAYMENT_STATUS = SearchAttributeKey.for_keyword("PaymentStatus")
PSP = SearchAttributeKey.for_keyword("Psp")
BRAND = SearchAttributeKey.for_keyword("Brand")
PLAYER_ID = SearchAttributeKey.for_keyword("PlayerId")
CURRENCY = SearchAttributeKey.for_keyword("Currency")
AMOUNT_MINOR = SearchAttributeKey.for_int("AmountMinor")

LATE_EVENT = "late-event"
CASE_RESOLUTION = "case-resolution"

PaymentOrder = DepositOrder | PayoutOrder | RefundOrder
Order = PaymentOrder | CaseOrder


@dataclass(frozen=True)
class Start:
    """How the run of an order is started, whoever starts it."""

    workflow: str
    id: str
    summary: str
    details: str
    search_attributes: TypedSearchAttributes
    memo: Mapping[str, str]
    delay: timedelta | None
    """A deposit sleeps until its first command, fact or expiry: most of its cost is its tasks."""
    again: bool = False
    """Another run may follow one that has ended."""


def start_of(order: Order) -> Start:
    return _start_of_case(order) if isinstance(order, CaseOrder) else _start_of_payment(order)


def _start_of_case(order: CaseOrder) -> Start:
    return Start(
        workflow=CASE_RESOLUTION,
        id=f"case-{order.case_id}",
        summary=f"Resolution of a case about {order.payment_id}",
        details=f"- Case `{order.case_id}` · trace `{order.trace_id}`",
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(PAYMENT_STATUS, str(Stage.WAITING)),
                SearchAttributePair(BRAND, order.brand),
            ]
        ),
        memo={"trace_id": order.trace_id},
        delay=None,
        again=True,
    )


def _start_of_payment(order: PaymentOrder) -> Start:
    delay = None
    match order:
        case DepositOrder():
            kind, status = Kind.DEPOSIT, str(DepositStatus.INITIATED)
            at_once = order.capture_method is CaptureMethod.AUTOMATIC
            headline = f"{order.amount} by {order.method}, captured "
            headline += "at once" if at_once else "by command"
            delay = timedelta(seconds=order.expires_in_seconds)
        case PayoutOrder():
            kind, status = Kind.PAYOUT, str(PayoutStatus.SUBMITTED)
            headline = f"{order.amount} by {order.method}"
        case RefundOrder():
            kind, status = Kind.REFUND, str(RefundStatus.SUBMITTED)
            headline = f"{order.amount} of deposit {order.intent_id}"
    return Start(
        workflow=kind,
        id=workflow_id(kind, id_of(order)),
        summary=f"{kind.capitalize()} {headline} · {order.player.brand}",
        details="\n".join(order_lines(order)),
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(PAYMENT_STATUS, status),
                SearchAttributePair(BRAND, order.player.brand),
                SearchAttributePair(PLAYER_ID, order.player.id),
                SearchAttributePair(CURRENCY, order.amount.currency),
                SearchAttributePair(AMOUNT_MINOR, order.amount.minor_units),
                *_psp_of(order),
            ]
        ),
        memo={"trace_id": order.trace_id},
        delay=delay,
    )


def order_lines(order: PaymentOrder) -> list[str]:
    """What was asked for, in markdown; it never changes."""
    lines = [f"- Player `{order.player.id}` of `{order.player.brand}` · trace `{order.trace_id}`"]
    match order:
        case DepositOrder():
            minutes = order.expires_in_seconds // 60
            lines.append(f"- Waits for `authorize`, at most {minutes} minutes; then it expires")
        case PayoutOrder():
            lines.append(f"- To `{order.destination}` by {order.method}")
            lines.append(f"- Requested by `{order.requester}`, who may not decide on it")
        case RefundOrder():
            lines.append(f"- Of deposit `{order.intent_id}`, PSP's capture `{order.capture_ref}`")
    return lines


def _psp_of(order: PaymentOrder) -> list[SearchAttributePair[str]]:
    """Known from the start for a refund alone."""
    return [SearchAttributePair(PSP, order.account.psp)] if isinstance(order, RefundOrder) else []


def id_of(order: PaymentOrder) -> str:
    match order:
        case DepositOrder():
            return order.intent_id
        case PayoutOrder():
            return order.payout_id
        case RefundOrder():
            return order.refund_id


def workflow_id(kind: Kind, payment_id: str) -> str:
    """Never with a slash: the Web UI's deep links would break."""
    return f"{kind}-{payment_id}"


def late_workflow_id(payment_id: str) -> str:
    """One run at a time sees to the late facts of a payment."""
    return f"late-{payment_id}"


def show_late(payment: Recalled) -> None:
    """The columns of a run that sees to a payment which is over."""
    workflow.upsert_search_attributes(
        [
            PAYMENT_STATUS.value_set(payment.status),
            BRAND.value_set(payment.player.brand),
            PLAYER_ID.value_set(payment.player.id),
            CURRENCY.value_set(payment.amount.currency),
            AMOUNT_MINOR.value_set(payment.amount.minor_units),
        ]
    )


_PREFIXES = {"in_": Kind.DEPOSIT, "po_": Kind.PAYOUT, "re_": Kind.REFUND}


def kind_of(payment_id: str) -> Kind:
    return _PREFIXES[payment_id[:3]]


def workflow_of(payment_id: str) -> str | None:
    """The run that a payment's (or a case's) id belongs to, or None if the id is none of ours."""
    if payment_id.startswith("case_"):
        return f"case-{payment_id}"
    kind = _PREFIXES.get(payment_id[:3])
    return workflow_id(kind, payment_id) if kind else None


def details(order: PaymentOrder, status: str, facts: Facts, expected: str) -> str:
    """The state in markdown: where the payment is, the money, what comes next."""
    lines = [f"### {status} · {order.amount}", f"**Next:** {expected}", ""]
    if facts.captured is not None:
        lines.append(f"- Captured **{facts.captured}** as `{facts.capture_id}`")
    if facts.account is not None:
        ref = f" · PSP reference `{facts.psp_ref}`" if facts.psp_ref else ""
        lines.append(f"- At `{facts.account.psp}` / `{facts.account.id}`{ref}")
    if facts.route is not None:
        lines.append(f"- {_routed(facts.route)}")
    if facts.stop_id is not None:
        lines.append(f"- Parked by stop `{facts.stop_id}`")
    if facts.authentication is not None:
        lines += _checks(facts.authentication)
    if facts.problem is not None:
        lines += _why_not(facts.problem)
    if facts.approver is not None:
        said = f": {facts.decision_reason}" if facts.decision_reason else ""
        lines.append(f"- Decided by `{facts.approver}`{said}")
    if facts.postponed_until is not None:
        lines.append(f"- Postponed until {facts.postponed_until}")
    return "\n".join([*lines, *_attempts(facts)])


def _routed(route: RouteTaken) -> str:
    by = f"rule `{route.rule}`" if route.rule else "its default"
    refused = f", which refused it: {route.refusal}" if route.refusal else ""
    return f"Routed by policy `{route.policy}` version {route.version}, {by}{refused}"


def _why_not(problem: Problem) -> list[str]:
    code = f" (`{problem.code}`)" if problem.code else ""
    lines = [f"- Problem: **{problem.reason}**{code}"]
    if problem.ended is not None:
        lines.append(f"- Nobody else was asked: {problem.ended.replace('_', ' ')}")
    if problem.advice is not None:
        lines.append(f"- The same card again: {_advised(problem.advice)}")
    return lines


def _checks(proof: Authentication) -> list[str]:
    shift = {True: "liability shifted", False: "liability ours", None: None}
    cavv = {True: "with CAVV", False: "without CAVV", None: None}
    secure = (
        proof.scheme,
        f"ECI {proof.eci}" if proof.eci else None,
        f"version {proof.version}" if proof.version else None,
        cavv[True if proof.cavv else proof.cavv_present],
        shift[proof.liability_shift],
    )
    results = (
        f"AVS {proof.avs}" if proof.avs else None,
        f"CVV {proof.cvv}" if proof.cvv else None,
    )
    return [
        f"- {what}: {' · '.join(told)}"
        for what, said in (("3-D Secure", secure), ("Card checks", results))
        if (told := [word for word in said if word])
    ]


def _advised(advice: Advice) -> str:
    words = [advice.retry.replace("_", " ")]
    if advice.after_seconds is not None:
        words[0] += f", not before {timedelta(seconds=advice.after_seconds)} have passed"
    if advice.scheme_code:
        words.append(f"issuer's code `{advice.scheme_code}`")
    if advice.advice_code:
        words.append(f"advice `{advice.advice_code}`")
    return " · ".join([*words, advice.scheme] if advice.scheme else words)


def _attempts(facts: Facts) -> list[str]:
    if not facts.attempts:
        return []
    return ["", "| Instruction | Merchant account | Outcome |", "|---|---|---|"] + [
        f"| {step_of(a.key)} | {a.account.psp} / {a.account.id} | {_ended(a)} |"
        for a in facts.attempts
    ]


def _ended(attempt: Attempt) -> str:
    manner = {True: " softly", False: " for good", None: ""}[attempt.soft]
    why = f": {attempt.reason}" if attempt.reason else ""
    return attempt.outcome + manner + why + (f" (`{attempt.code}`)" if attempt.code else "")


def step_of(key: str) -> str:
    """`in_…:authorize:2` is `authorize 2`: the run's name has the rest."""
    return " ".join(key.split(":")[1:])
