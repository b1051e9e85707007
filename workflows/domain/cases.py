"""A case: what we know and what the PSP says do not agree, so that a person decides.

It is never settled by editing a state: a person orders a command, and a run executes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .escalations import CaseKind
from .identity import key_of
from .late_events import RETURNED_FROM, by_case, void_key_of
from .money import Money
from .psp import MerchantAccount, Operation
from .records import Recalled


class Action(StrEnum):
    CREDIT = "credit"
    """The money came and is the player's: a capture is credited, a returned payout given back."""
    REFUND = "refund"
    """The money came and goes back to where it was from."""
    VOID = "void"
    """The hold is released."""
    MARK_APPROVED = "mark_approved"
    """The PSP has told a person that it did it: the payment's own run goes on with that."""
    MARK_DECLINED = "mark_declined"
    CLAW_BACK = "claw_back"
    """The money left after all: it is taken from the player as far as it is there, and what is not
    is owed. For a payout or refund that was paid though we had given it back."""
    REBUILD = "rebuild"
    """A new run takes over a payment whose own was lost: from the books and what was asked."""
    DISMISS = "dismiss"
    """Nothing is to be done, for the reason given."""


class Stage(StrEnum):
    """Where a proposal to resolve a case is."""

    WAITING = "CASE_WAITING"
    AWAITING_APPROVAL = "CASE_AWAITING_APPROVAL"
    EXECUTING = "CASE_EXECUTING"
    RESOLVED = "CASE_RESOLVED"
    DECLINED = "CASE_DECLINED"
    LAPSED = "CASE_LAPSED"
    """No second person decided in time."""
    NOT_DONE = "CASE_NOT_DONE"
    """The command was refused by the PSP or by the wallet: the case stays open."""
    REFUSED = "CASE_REFUSED"
    """It was no legal command: nothing was noted."""


OVER = {Stage.RESOLVED, Stage.DECLINED, Stage.LAPSED, Stage.NOT_DONE, Stage.REFUSED}


@dataclass(frozen=True, kw_only=True)
class CaseOrder:
    """The input of the run that resolves a case."""

    case_id: str
    payment_id: str
    brand: str
    trace_id: str


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """A case as it is kept."""

    case_id: str
    payment_id: str
    kind: CaseKind
    state: str
    money_at_risk: Money | None
    facts: dict[str, str]
    payment_known: bool
    needs_second_person: bool
    over: tuple[str, ...] = ()
    """The proposals that have ended: each is made once."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What somebody wants done. `id` is the request's own: repeated, it is the same proposal."""

    id: str
    action: Action
    amount: Money | None
    """Of a credit or refund; None is all that the case is about."""
    reason: str
    by: str


@dataclass(frozen=True, kw_only=True)
class Review:
    """A second person's word on a proposal."""

    approve: bool
    by: str
    reason: str
    proposal: str
    """The id of the proposal that it is about."""


@dataclass(frozen=True, kw_only=True)
class CaseNote:
    """One line of a case's history, written once by key."""

    case_id: str
    key: str
    what: str
    by: str
    facts: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The instruction that a case is about, and what the PSP said of it."""

    key: str
    operation: Operation
    amount: Money
    account: MerchantAccount | None
    psp_ref: str | None
    reply: str | None
    authorize_key: str | None
    sale: bool = False
    """Of a void that was not done: the money was taken, not held."""


@dataclass(frozen=True, kw_only=True)
class PaymentStanding:
    """How the payment of a case stands."""

    status: str
    final: bool
    captured: bool
    remedied: bool
    """A credit or refund was ordered by another case, or by this one and done."""


def subject_of(facts: Mapping[str, str]) -> Subject | None:
    """None when the case is not about one instruction of ours."""
    try:
        operation = Operation(facts["operation"])
        amount = Money.parse(facts["amount"], facts["currency"])
        key, psp = facts["key"], facts["psp"]
    except (KeyError, ValueError):
        return None
    account = facts.get("account")
    return Subject(
        key=key,
        operation=operation,
        amount=amount,
        account=MerchantAccount(psp, account) if account else None,
        psp_ref=facts.get("psp_ref"),
        reply=facts.get("reply"),
        authorize_key=facts.get("authorize_key"),
        sale=facts.get("sale") == SOLD,
    )


def allowed(
    kind: CaseKind, facts: Mapping[str, str], standing: PaymentStanding | None
) -> tuple[Action, ...]:
    """What may be ordered for a case, given how its payment stands. To dismiss is always legal."""
    subject = subject_of(facts)
    if kind is CaseKind.RUN_LOST and standing is not None and not standing.final:
        return (Action.REBUILD, Action.DISMISS)
    if subject is None or standing is None:
        return (Action.DISMISS,)
    return (*_of_money(kind, subject, standing), Action.DISMISS)


def wrong_amount(action: Action, subject: Subject | None, amount: Money) -> str | None:
    """What is wrong with the amount of a command, if anything."""
    of_money = action in (Action.CREDIT, Action.REFUND)
    if subject is None or not of_money or subject.operation is not Operation.CAPTURE:
        return "goes with a credit or refund of a capture alone: all else is done in full"
    if amount.currency != subject.amount.currency or amount > subject.amount:
        return f"at most {subject.amount}"
    return None


def hold_of(subject: Subject) -> str | None:
    """The key of the hold that a void would release."""
    key = subject.authorize_key or (
        subject.key if subject.operation is Operation.AUTHORIZE else None
    )
    try:
        return key if key and void_key_of(key) else None
    except ValueError:
        return None


SOLD = "true"
"""How the facts of a case say so."""
OPEN_AGAIN = "refund declined"
"""How a claim ends whose command the PSP declined: another may be ordered."""


def is_remedied(payment: Recalled, case_id: str) -> bool:
    """Whether another case has decided on the payment's money. What this case has claimed itself it
    may order again: a power cut may have come before the command."""
    claim = payment.attempt(remedy_key_of(payment.payment_id))
    return claim is not None and claim.outcome != OPEN_AGAIN and claim.reason != case_id


def excludes(payment: Recalled, remedy: str) -> bool:
    """Whether the opposite of this remedy was done, or may have been."""
    refund = by_case(key_of(payment.payment_id, Operation.REFUND))
    refunded = any(each.may_have_moved and each.key.startswith(refund) for each in payment.asked)
    return remedy == "credit" and refunded


def remedy_key_of(payment_id: str) -> str:
    """Under which a payment's one remedy is claimed: it is credited or refunded, never both."""
    return key_of(payment_id, "case-remedy")


def _of_money(kind: CaseKind, subject: Subject, standing: PaymentStanding) -> tuple[Action, ...]:
    if kind is CaseKind.UNRELEASED:
        return (Action.VOID,) if subject.account and hold_of(subject) else ()
    if kind is CaseKind.DOUBLE:
        return _of_a_double(subject, standing)
    if kind not in (CaseKind.IN_DOUBT, CaseKind.CONTRADICTION, CaseKind.UNEXPECTED_EVENT):
        return ()
    if not standing.final:
        asked = kind is not CaseKind.UNEXPECTED_EVENT and subject.account is not None
        return (Action.MARK_APPROVED, Action.MARK_DECLINED) if asked else ()
    if subject.account is None:
        return ()
    match subject.operation, subject.reply:
        case Operation.CAPTURE, "approved" if not (standing.captured or standing.remedied):
            return (Action.CREDIT, Action.REFUND) if subject.psp_ref else (Action.CREDIT,)
        case Operation.AUTHORIZE, "approved" if not standing.captured and hold_of(subject):
            return (Action.VOID,)
        case ((Operation.PAYOUT | Operation.REFUND), "declined") if (
            standing.status in RETURNED_FROM and _is_of(subject.operation, standing)
        ):
            return (Action.CREDIT,)
        case ((Operation.PAYOUT | Operation.REFUND), "approved") if (
            standing.status not in RETURNED_FROM and _is_of(subject.operation, standing)
        ):
            return (Action.CLAW_BACK,)
    return ()


def _is_of(operation: Operation, standing: PaymentStanding) -> bool:
    """A payment of this very kind: a deposit that somebody says was refunded is none."""
    return standing.status.startswith(f"{operation.upper()}_")


def _of_a_double(subject: Subject, standing: PaymentStanding) -> tuple[Action, ...]:
    """The second thing is undone, never the first."""
    if not standing.final or subject.account is None or not subject.psp_ref:
        return ()
    if subject.operation is Operation.CAPTURE and not standing.remedied:
        return (Action.REFUND,)
    return ()
