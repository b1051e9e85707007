"""What a fact means for a payment that is over: nothing, a hold to release, money to give back, or
something that a person decides."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from .declines import Reason
from .payments import Kind, Recalled
from .psp import (
    Approved,
    Declined,
    Fact,
    MerchantAccount,
    Operation,
    Pending,
    PspEvent,
    Ready,
    key_of,
)
from .releases import by_case as by_case
from .releases import of_a_case, was_released
from .releases import void_key_of as void_key_of


class Returned(StrEnum):
    """What only a late fact makes of a payment that was done: the money has come back."""

    PAYOUT = "PAYOUT_RETURNED"
    REFUND = "REFUND_RETURNED"


RETURNED_FROM = {
    "PAYOUT_SETTLED": Returned.PAYOUT,
    "REFUND_PROCESSED": Returned.REFUND,
}


class Known(StrEnum):
    """What we know of the very instruction that a fact is about."""

    DONE = "done"
    """It was done and it stands: the hold that was captured, the capture, the paid payout …"""
    UNDONE = "undone"
    """It was done, or may have been, and was undone: the hold is released, the payout came back."""
    NOT_DONE = "not done"
    """It was declined, never sent, never asked, or asked and still to be undone."""
    SPENT = "spent"
    """Of a void alone: its hold was captured in full, so that there is nothing to release."""


class Means(StrEnum):
    NOTHING = "it agrees with what we know"
    RELEASE = "a hold that nobody wants is to be released"
    GIVE_BACK = "the money has come back and is the player's again"
    CASE = "it contradicts what we know"


TABLE: dict[tuple[Operation, str], dict[Known, Means]] = {
    (Operation.AUTHORIZE, "approved"): {
        Known.DONE: Means.NOTHING,
        Known.UNDONE: Means.NOTHING,
        Known.NOT_DONE: Means.RELEASE,
    },
    (Operation.AUTHORIZE, "declined"): {
        Known.DONE: Means.CASE,
        Known.UNDONE: Means.NOTHING,
        Known.NOT_DONE: Means.NOTHING,
    },
    (Operation.CAPTURE, "approved"): {
        Known.DONE: Means.NOTHING,
        Known.NOT_DONE: Means.CASE,
    },
    (Operation.CAPTURE, "declined"): {
        Known.DONE: Means.CASE,
        Known.NOT_DONE: Means.NOTHING,
    },
    (Operation.VOID, "approved"): {
        Known.DONE: Means.NOTHING,
        Known.NOT_DONE: Means.NOTHING,
        Known.SPENT: Means.CASE,
    },
    (Operation.VOID, "declined"): {
        Known.DONE: Means.CASE,
        Known.NOT_DONE: Means.NOTHING,
        Known.SPENT: Means.NOTHING,
    },
    (Operation.PAYOUT, "approved"): {
        Known.DONE: Means.NOTHING,
        Known.UNDONE: Means.NOTHING,
        Known.NOT_DONE: Means.CASE,
    },
    (Operation.PAYOUT, "declined"): {
        Known.DONE: Means.CASE,
        Known.UNDONE: Means.NOTHING,
        Known.NOT_DONE: Means.NOTHING,
    },
    (Operation.PAYOUT, "returned"): {
        Known.DONE: Means.GIVE_BACK,
        Known.UNDONE: Means.NOTHING,
        Known.NOT_DONE: Means.NOTHING,
    },
    (Operation.REFUND, "approved"): {
        Known.DONE: Means.NOTHING,
        Known.UNDONE: Means.NOTHING,
        Known.NOT_DONE: Means.CASE,
    },
    (Operation.REFUND, "declined"): {
        Known.DONE: Means.CASE,
        Known.UNDONE: Means.NOTHING,
        Known.NOT_DONE: Means.NOTHING,
    },
    (Operation.REFUND, "returned"): {
        Known.DONE: Means.GIVE_BACK,
        Known.UNDONE: Means.NOTHING,
        Known.NOT_DONE: Means.NOTHING,
    },
}
TABLE |= {
    (operation, "returned"): TABLE[operation, "declined"]
    for operation in (Operation.AUTHORIZE, Operation.CAPTURE, Operation.VOID)
}

_OPERATIONS = {
    Kind.DEPOSIT: {Operation.AUTHORIZE, Operation.CAPTURE, Operation.VOID},
    Kind.PAYOUT: {Operation.PAYOUT},
    Kind.REFUND: {Operation.REFUND},
}
_STEP = re.compile(r"(case-)?([a-z]+)(?::([1-9][0-9]{0,3})(:[1-9][0-9]{0,3})?)?")
_NUMBERED = {Operation.AUTHORIZE, Operation.VOID, Operation.PAYOUT}


@dataclass(frozen=True)
class Decision:
    means: Means
    why: str


def decide(event: PspEvent, payment: Recalled) -> Decision:
    """What a late fact about a payment that is over means. It moves nothing itself."""
    if isinstance(event.reply, Pending | Ready):
        return Decision(Means.NOTHING, "it is no result")
    if of_a_case(event.key):
        return Decision(Means.NOTHING, "a case's own run asked for it, and looks itself")
    wrong = _disagreement(event, payment)
    if wrong is not None:
        return Decision(Means.CASE, wrong)
    means = TABLE[event.operation, said_by(event.reply)][known_of(event, payment)]
    if means is Means.RELEASE and account_of(event, payment) is None:
        return Decision(Means.CASE, "a hold, and no merchant account named where to release it")
    return Decision(means, means if means is not Means.CASE else f"the payment is {payment.status}")


def said_by(reply: Fact) -> str:
    """A no is no more than that, unless it says that the money has come back."""
    returned = isinstance(reply, Declined) and reply.reason == Reason.RETURNED
    return "returned" if returned else reply.kind


def as_returned(event: PspEvent) -> PspEvent:
    """The same no, as if it said that the money has come back."""
    if not isinstance(event.reply, Declined):
        return event
    return replace(event, reply=replace(event.reply, reason=Reason.RETURNED))


def known_of(event: PspEvent, payment: Recalled) -> Known:
    captured = payment.facts.captured
    match event.operation:
        case Operation.AUTHORIZE:
            if captured is not None and payment.succeeded(event.key):
                return Known.DONE
            return Known.UNDONE if _is_released(event, payment) else Known.NOT_DONE
        case Operation.CAPTURE:
            return Known.DONE if captured is not None else Known.NOT_DONE
        case Operation.VOID:
            if payment.succeeded(event.key):
                return Known.DONE
            spent = captured == payment.amount and payment.succeeded(authorize_key_of(event.key))
            return Known.SPENT if spent else Known.NOT_DONE
        case Operation.PAYOUT | Operation.REFUND:
            if not payment.succeeded(event.key):
                return Known.NOT_DONE
            if payment.status in set(Returned):
                return Known.UNDONE
            return Known.DONE if payment.status in RETURNED_FROM else Known.NOT_DONE


def account_of(event: PspEvent, payment: Recalled) -> MerchantAccount | None:
    """The merchant account that was asked, else the one that the fact names."""
    keys = [event.key]
    if event.operation is Operation.AUTHORIZE:
        keys.append(void_key_of(event.key))
    for key in keys:
        attempt = payment.attempt(key)
        if attempt is not None:
            return attempt.account
    if event.account is not None:
        return MerchantAccount(event.psp, event.account)
    asked = {attempt.account for attempt in payment.facts.attempts}
    # A capture is where the hold was; with one account ever asked there is no doubt where.
    return asked.pop() if event.operation is Operation.CAPTURE and len(asked) == 1 else None


def authorize_key_of(void_key: str) -> str:
    payment_id, _, number = void_key.split(":")[:3]
    return key_of(payment_id, Operation.AUTHORIZE, int(number))


def is_step(key: str, operation: Operation) -> bool:
    """Whether a key can be one that we gave for such an instruction."""
    found = _STEP.fullmatch(key.partition(":")[2])
    if found is None or found.group(2) != operation:
        return False
    if found.group(4) is not None and operation is not Operation.VOID:
        return False
    return (found.group(3) is not None) == (operation in _NUMBERED)


def _is_released(event: PspEvent, payment: Recalled) -> bool:
    """By the run itself, or by a person's command."""
    held = event.reply
    attempts = payment.facts.attempts
    return isinstance(held, Approved) and was_released(event.key, held.psp_ref, attempts)


def _disagreement(event: PspEvent, payment: Recalled) -> str | None:
    """In what a fact does not fit the payment, if in anything."""
    if event.operation not in _OPERATIONS[payment.kind]:
        return f"a {payment.kind} has no {event.operation}"
    if not is_step(event.key, event.operation):
        return "its reference is none that we gave for that"
    account = account_of(event, payment)
    if account is not None and event.psp != account.psp:
        return f"we had asked {account.psp}"
    if account is not None and event.account not in (None, account.id):
        return f"we had asked the merchant account {account.id}"
    return _other_amount(event, payment)


def _other_amount(event: PspEvent, payment: Recalled) -> str | None:
    """A void releases what is left, whatever that is."""
    expected = payment.amount
    if event.operation is Operation.VOID:
        return None
    if event.operation is Operation.CAPTURE:
        expected = payment.facts.captured or event.amount
    told = event.reply.amount if isinstance(event.reply, Approved) else event.amount
    return None if expected == event.amount == told else f"we know of {expected}"
