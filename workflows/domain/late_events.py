"""What a fact means for a payment that is over: nothing, a hold to release, money to give back, or
something that a person decides."""

from __future__ import annotations

import re
from enum import StrEnum

from .declines import DeclineReason
from .events import PspEvent
from .identity import SALE
from .meanings import Meaning
from .meanings import Means as Means
from .meanings import is_the_same as is_the_same
from .orders import KINDS
from .psp import Approved, Declined, Fact, MerchantAccount, Operation, Pending, Ready
from .records import Recalled
from .releases import authorize_keys_of, of_a_case, was_released
from .releases import by_case as by_case
from .releases import void_key_of as void_key_of
from .unasked import decide_unasked


class Returned(StrEnum):
    """What only a late fact makes of a payment that was done: the money has come back."""

    PAYOUT = "PAYOUT_RETURNED"
    REFUND = "REFUND_RETURNED"


RETURNED_FROM = {
    "PAYOUT_SETTLED": Returned.PAYOUT,
    "REFUND_PROCESSED": Returned.REFUND,
}


class KnownAs(StrEnum):
    """What we know of the very instruction that a fact is about."""

    DONE = "done"
    """It was done and it stands: the hold that was captured, the capture, the paid payout …"""
    UNDONE = "undone"
    """It was done, or may have been, and was undone: the hold is released, the payout came back."""
    NOT_DONE = "not done"
    """It was declined, never sent, never asked, or asked and still to be undone. A sale that turns
    out to be done then is given back, as a hold is released."""
    SPENT = "spent"
    """Of a void alone: its hold was captured in full, so that there is nothing to release."""


TABLE: dict[tuple[Operation, str], dict[KnownAs, Means]] = {
    (Operation.AUTHORIZE, "approved"): {
        KnownAs.DONE: Means.NOTHING,
        KnownAs.UNDONE: Means.NOTHING,
        KnownAs.NOT_DONE: Means.RELEASE,
    },
    (Operation.AUTHORIZE, "declined"): {
        KnownAs.DONE: Means.CASE,
        KnownAs.UNDONE: Means.NOTHING,
        KnownAs.NOT_DONE: Means.NOTHING,
    },
    (Operation.CAPTURE, "approved"): {
        KnownAs.DONE: Means.NOTHING,
        KnownAs.NOT_DONE: Means.CASE,
    },
    (Operation.CAPTURE, "declined"): {
        KnownAs.DONE: Means.CASE,
        KnownAs.NOT_DONE: Means.NOTHING,
    },
    (Operation.VOID, "approved"): {
        KnownAs.DONE: Means.NOTHING,
        KnownAs.NOT_DONE: Means.NOTHING,
        KnownAs.SPENT: Means.CASE,
    },
    (Operation.VOID, "declined"): {
        KnownAs.DONE: Means.CASE,
        KnownAs.NOT_DONE: Means.NOTHING,
        KnownAs.SPENT: Means.NOTHING,
    },
    (Operation.PAYOUT, "approved"): {
        KnownAs.DONE: Means.NOTHING,
        KnownAs.UNDONE: Means.NOTHING,
        KnownAs.NOT_DONE: Means.CASE,
    },
    (Operation.PAYOUT, "declined"): {
        KnownAs.DONE: Means.CASE,
        KnownAs.UNDONE: Means.NOTHING,
        KnownAs.NOT_DONE: Means.NOTHING,
    },
    (Operation.PAYOUT, "returned"): {
        KnownAs.DONE: Means.GIVE_BACK,
        KnownAs.UNDONE: Means.NOTHING,
        KnownAs.NOT_DONE: Means.NOTHING,
    },
    (Operation.REFUND, "approved"): {
        KnownAs.DONE: Means.NOTHING,
        KnownAs.UNDONE: Means.NOTHING,
        KnownAs.NOT_DONE: Means.CASE,
    },
    (Operation.REFUND, "declined"): {
        KnownAs.DONE: Means.CASE,
        KnownAs.UNDONE: Means.NOTHING,
        KnownAs.NOT_DONE: Means.NOTHING,
    },
    (Operation.REFUND, "returned"): {
        KnownAs.DONE: Means.GIVE_BACK,
        KnownAs.UNDONE: Means.NOTHING,
        KnownAs.NOT_DONE: Means.NOTHING,
    },
}
TABLE |= {
    (operation, "returned"): TABLE[operation, "declined"]
    for operation in (Operation.AUTHORIZE, Operation.CAPTURE, Operation.VOID)
}

_STEP = re.compile(r"(case-)?([a-z]+)(?::([1-9][0-9]{0,3})(:[1-9][0-9]{0,3})?)?")
_NUMBERED = {Operation.AUTHORIZE, Operation.VOID, Operation.PAYOUT}
"""Steps that a payment may have several of; of the others only a repetition has a number."""
_STEPS: dict[Operation, tuple[str, ...]] = {Operation.AUTHORIZE: (Operation.AUTHORIZE, SALE)}
"""Where an operation has several; else its step is its name."""
_TWICE = {Operation.VOID, Operation.PAYOUT}
"""Whose repetitions have a second number."""


def decide(event: PspEvent, payment: Recalled) -> Meaning:
    """What a late fact about a payment that is over means. It moves nothing itself."""
    if isinstance(event.reply, Pending | Ready):
        return Meaning(Means.NOTHING, "it is no result")
    if of_a_case(event.key):
        return Meaning(Means.NOTHING, "a case's own run asked for it, and looks itself")
    if event.unasked:
        return decide_unasked(event, payment)
    wrong = _disagreement(event, payment)
    if wrong is not None:
        return Meaning(Means.CASE, wrong)
    if _is_second(event, payment):
        return Meaning(Means.DOUBLE, Means.DOUBLE)
    known = known_of(event, payment)
    means = TABLE[event.operation, said_by(event.reply)][known]
    if known is KnownAs.UNDONE and _was_done_again(event, payment):
        means = Means.CASE
    if means is Means.GIVE_BACK and event.name in payment.facts.returned_by:
        return Meaning(Means.NOTHING, "it was given back before, for this very fact")
    if means is Means.RELEASE and account_of(event, payment) is None:
        return Meaning(Means.CASE, "no merchant account is named where it could be let go of")
    return Meaning(means, means if means is not Means.CASE else f"the payment is {payment.status}")


def _is_second(event: PspEvent, payment: Recalled) -> bool:
    """The PSP has done under one key what was to be done once, and has another name for it."""
    if not isinstance(event.reply, Approved) or event.operation is Operation.VOID:
        return False
    attempt = payment.attempt(event.key)
    if attempt is None or attempt.outcome != "approved":
        return False
    return not is_the_same(attempt.psp_ref or "", event.reply.psp_ref)


def _was_done_again(event: PspEvent, payment: Recalled) -> bool:
    """A payout that came back, and of which the PSP says later that it is paid."""
    returns = payment.facts.returns
    paid = isinstance(event.reply, Approved) and event.operation in (
        Operation.PAYOUT,
        Operation.REFUND,
    )
    return paid and bool(returns and returns[-1]) and event.is_after(returns[-1])


def said_by(reply: Fact) -> str:
    """A no is no more than that, unless it says that the money has come back."""
    returned = isinstance(reply, Declined) and reply.reason == DeclineReason.RETURNED
    return "returned" if returned else reply.kind


def known_of(event: PspEvent, payment: Recalled) -> KnownAs:
    """Of an instruction of ours: nobody instructs a chargeback."""
    captured = payment.facts.captured
    match event.operation:
        case Operation.CHARGEBACK | Operation.CHARGEBACK_REVERSED:
            return KnownAs.NOT_DONE
        case Operation.AUTHORIZE:
            if captured is not None and payment.succeeded(event.key):
                return KnownAs.DONE
            return KnownAs.UNDONE if _is_released(event, payment) else KnownAs.NOT_DONE
        case Operation.CAPTURE:
            return KnownAs.DONE if captured is not None else KnownAs.NOT_DONE
        case Operation.VOID:
            if payment.succeeded(event.key):
                return KnownAs.DONE
            asked = any(payment.succeeded(key) for key in authorize_keys_of(event.key))
            return KnownAs.SPENT if asked and captured == payment.amount else KnownAs.NOT_DONE
        case Operation.PAYOUT | Operation.REFUND:
            if not payment.succeeded(event.key):
                return KnownAs.NOT_DONE
            if payment.status in set(Returned):
                return KnownAs.UNDONE
            return KnownAs.DONE if payment.status in RETURNED_FROM else KnownAs.NOT_DONE


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


def is_step(key: str, operation: Operation) -> bool:
    """Whether a key can be one that we gave for such an instruction."""
    found = _STEP.fullmatch(key.partition(":")[2])
    if found is None or found.group(2) not in _STEPS.get(operation, (operation,)):
        return False
    if found.group(4) is not None and operation not in _TWICE:
        return False
    return found.group(3) is not None or operation not in _NUMBERED


def _is_released(event: PspEvent, payment: Recalled) -> bool:
    """By the run itself, or by a person's command."""
    held = event.reply
    attempts = payment.facts.attempts
    return isinstance(held, Approved) and was_released(event.key, held.psp_ref, attempts)


def _disagreement(event: PspEvent, payment: Recalled) -> str | None:
    """In what a fact does not fit the payment, if in anything."""
    if event.operation not in KINDS[payment.kind].operations:
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
    answered = event.reply.amount if isinstance(event.reply, Approved) else event.amount
    return None if expected == event.amount == answered else f"we know of {expected}"
