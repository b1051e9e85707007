"""What operators read of a run in the Temporal Web UI: columns, a headline, the state in words."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import SearchAttributeKey

from .domain.declines import Advice
from .domain.money import Money
from .domain.payments import Attempt, Facts, Problem, RouteTaken
from .domain.psp import Authentication
from .domain.records import Recalled

PAYMENT_STATUS = SearchAttributeKey.for_keyword("PaymentStatus")
PSP = SearchAttributeKey.for_keyword("Psp")
BRAND = SearchAttributeKey.for_keyword("Brand")
PLAYER_ID = SearchAttributeKey.for_keyword("PlayerId")
CURRENCY = SearchAttributeKey.for_keyword("Currency")
AMOUNT_MINOR = SearchAttributeKey.for_int("AmountMinor")

SEARCH_ATTRIBUTES: tuple[SearchAttributeKey[str] | SearchAttributeKey[int], ...] = (
    PAYMENT_STATUS,
    PSP,
    BRAND,
    PLAYER_ID,
    CURRENCY,
    AMOUNT_MINOR,
)
"""What a namespace must have."""


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


def details(amount: Money, status: str, facts: Facts, expected: str) -> str:
    """The state in markdown: where the payment is, the money, what comes next."""
    lines = [f"### {status} · {amount}", f"**Next:** {expected}", ""]
    if facts.captured is not None:
        lines.append(f"- Captured **{facts.captured}** as `{facts.capture_id}`")
    if facts.account is not None:
        ref = f" · PSP reference `{facts.psp_ref}`" if facts.psp_ref else ""
        lines.append(f"- At `{facts.account.psp}` / `{facts.account.id}`{ref}")
    if facts.route is not None:
        lines.append(f"- {_routed(facts.route)}")
    if facts.stop_id is not None:
        lines.append(f"- Parked by stop `{facts.stop_id}`")
    if facts.case_id is not None:
        lines.append(f"- Parked until case `{facts.case_id}` is resolved")
    lines += [
        f"- {each.operation} of {each.amount} at the PSP: `{each.psp_ref}`"
        for each in facts.reversals
    ]
    if facts.authentication is not None:
        lines += _checks(facts.authentication)
    if facts.problem is not None:
        lines += _why_not(facts.problem)
    if facts.approver is not None:
        reason = f": {facts.decision_reason}" if facts.decision_reason else ""
        lines.append(f"- Decided by `{facts.approver}`{reason}")
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
        f"- {what}: {' · '.join(known)}"
        for what, words in (("3-D Secure", secure), ("Card checks", results))
        if (known := [word for word in words if word])
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
