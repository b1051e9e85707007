"""What somebody else did at the PSP with a hold of ours, or with money that was captured: its
dashboard, the payer's bank, time itself. No instruction of ours explains it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from .events import PspEvent
from .identity import Kind
from .meanings import Meaning, Means, is_the_same
from .payments import REFUND_FAILED, Reversal
from .psp import Approved, Operation
from .records import Recalled

_UNDONE_BY: dict[str, str] = {
    Operation.REFUND: REFUND_FAILED,
    Operation.CHARGEBACK: Operation.CHARGEBACK_REVERSED,
}


def as_known(event: PspEvent, payment: Recalled) -> PspEvent:
    """A reversal of which the PSP does not sign what it did: of captured money it is a refund, of
    all else it lets go. What we know of the payment tells, and nothing that anybody could write."""
    if not event.unasked or "operation" not in event.unsigned:
        return event
    gave_back = payment.facts.captured is not None
    return replace(event, operation=Operation.REFUND if gave_back else Operation.VOID)


def decide_unasked(event: PspEvent, payment: Recalled) -> Meaning:
    """What somebody else did at the PSP: with a hold, or with money that was captured."""
    if payment.kind is not Kind.DEPOSIT:
        return Meaning(Means.CASE, f"nobody here asked for it; the payment is {payment.status}")
    captured, reply = payment.facts.captured, event.reply
    match event.operation:
        case Operation.REFUND if not isinstance(reply, Approved):
            return _of_a_failed_refund(event, payment)
        case _ if not isinstance(reply, Approved):
            return Meaning(Means.CASE, "nobody here asked for it")
        case Operation.AUTHORIZE | Operation.VOID:
            return Meaning(Means.NOTHING, "nothing of ours is held there any more")
        case Operation.CAPTURE if captured is None:
            return Meaning(Means.CASE, f"captured at the PSP; the payment is {payment.status}")
        case Operation.CAPTURE if is_the_same(payment.facts.capture_ref or "", reply.psp_ref):
            return Meaning(Means.NOTHING, Means.NOTHING)
        case Operation.CAPTURE:
            return Meaning(Means.DOUBLE, Means.DOUBLE)
        case Operation.REFUND if reply.psp_ref in payment.refunds:
            return Meaning(Means.NOTHING, "it is a refund of ours")
        case Operation.REFUND | Operation.CHARGEBACK | Operation.CHARGEBACK_REVERSED:
            return _of_captured_money(event, payment)
        case _:
            return Meaning(Means.CASE, f"a {payment.kind} has no {event.operation}")


def left_without_us(event: PspEvent, payment: Recalled) -> bool:
    """Whether it says that money which the player was credited with is gone."""
    gone = event.operation in (Operation.REFUND, Operation.CHARGEBACK)
    is_told = event.unasked and gone and isinstance(event.reply, Approved)
    return is_told and payment.facts.captured is not None


def left_of(payment: Recalled) -> int:
    """Minor units of what was captured that are still ours."""
    captured = payment.facts.captured
    moved = ((r.operation, r.psp_ref, r.amount.minor_units) for r in payment.facts.reversals)
    return left_after(captured.minor_units if captured is not None else 0, moved)


def left_after(captured: int, reversals: Iterable[tuple[str, str, int]]) -> int:
    """The same, of operations with the PSP's id and minor units, in whatever order they were heard:
    a refund that failed is none, and what was charged back and has come back is here."""
    moved = list(reversals)
    failed = {psp_ref for operation, psp_ref, _ in moved if operation == REFUND_FAILED}
    sums: dict[str, int] = defaultdict(int)
    for operation, psp_ref, minor_units in moved:
        if operation != Operation.REFUND or psp_ref not in failed:
            sums[operation] += minor_units
    lost = max(0, sums[Operation.CHARGEBACK] - sums[Operation.CHARGEBACK_REVERSED])
    return captured - sums[Operation.REFUND] - lost


def with_reversal(payment: Recalled, reversal: Reversal) -> Recalled:
    facts = replace(payment.facts, reversals=(*payment.facts.reversals, reversal))
    return replace(payment, facts=facts)


def comes_by(reversal: Reversal, payment: Recalled) -> int:
    """Minor units that are ours again by it; below zero, that are gone. What undoes a thing of
    which we have not heard moves nothing, and neither does that thing when it is told later."""
    return left_of(with_reversal(payment, reversal)) - left_of(payment)


def reversal_in(event: PspEvent) -> Reversal:
    """What a fact that nobody asked for does to captured money, by the PSP's own name of it."""
    reply = event.reply
    if isinstance(reply, Approved):
        return Reversal(event.operation, reply.psp_ref, reply.amount, event.occurred_at)
    return Reversal(REFUND_FAILED, event.about[0], event.amount, event.occurred_at)


def is_booked(reversal: Reversal, payment: Recalled) -> bool:
    """One id of the PSP's names a thing and its undoing: a dispute, and that it was won."""
    name = (reversal.operation, reversal.psp_ref)
    return any((each.operation, each.psp_ref) == name for each in payment.facts.reversals)


def _of_captured_money(event: PspEvent, payment: Recalled) -> Meaning:
    """It left, or came back: as far as it was here, and once."""
    reversal, captured = reversal_in(event), payment.facts.captured
    if not reversal.psp_ref:
        return Meaning(Means.CASE, "it has no name, by which it could be booked once")
    if is_booked(reversal, payment) or _is_undone(reversal, payment):
        return _told_again(event, reversal, payment)
    elsewhere = _elsewhere(event, payment)
    if elsewhere is not None:
        return Meaning(Means.CASE, elsewhere)
    amount, comes = reversal.amount, comes_by(reversal, payment)
    fits = captured is not None and amount.currency == captured.currency
    if captured is None or not fits or amount > captured or left_of(payment) + comes < 0:
        return Meaning(Means.CASE, f"we know of {captured} captured and {payment.status}")
    if 0 < comes < amount.minor_units:
        return Meaning(Means.CASE, f"we had taken {comes} minor units for it")
    means = Means.REMEMBER if comes == 0 else Means.TAKE_BACK if comes < 0 else Means.RESTORE
    return Meaning(means, means)


def _told_again(event: PspEvent, reversal: Reversal, payment: Recalled) -> Meaning:
    """The same thing, unless it was undone since: then it was done a second time."""
    undone = _UNDONE_BY.get(reversal.operation)
    since = [
        each.at
        for each in payment.facts.reversals
        if each.operation == undone and each.psp_ref == reversal.psp_ref
    ]
    if since and event.is_after(since[-1]):
        return Meaning(Means.CASE, f"it was undone at {since[-1]}, and is told again")
    return Meaning(Means.NOTHING, "it is booked already")


def _is_undone(reversal: Reversal, payment: Recalled) -> bool:
    undone = _UNDONE_BY.get(reversal.operation)
    return undone is not None and is_booked(replace(reversal, operation=undone), payment)


def _of_a_failed_refund(event: PspEvent, payment: Recalled) -> Meaning:
    """`about` begins with the refund's own id: what was taken for it comes back, once. One that we
    have not heard of may be told yet, by a message that was overtaken."""
    if not event.about or event.about[0] in payment.refunds:
        return Meaning(Means.CASE, "we cannot tell which refund came to nothing, or it is ours")
    reversal = reversal_in(event)
    if is_booked(reversal, payment):
        return Meaning(Means.NOTHING, "it is booked already")
    taken = replace(reversal, operation=Operation.REFUND)
    if not is_booked(taken, payment):
        nothing = payment.facts.captured is None
        return Meaning(Means.NOTHING if nothing else Means.REMEMBER, Means.REMEMBER)
    amounts = [r.amount for r in payment.facts.reversals if r.psp_ref == reversal.psp_ref]
    if amounts != [event.amount]:
        return Meaning(Means.CASE, f"we had taken {amounts[0]} for it")
    return Meaning(Means.RESTORE, Means.RESTORE)


def _elsewhere(event: PspEvent, payment: Recalled) -> str | None:
    """Whether the money that it is about is at another PSP or account than it says."""
    account = payment.facts.account
    if account is None or (event.psp == account.psp and event.account in (None, account.id)):
        return None
    return f"the money is at {account.psp}/{account.id}"
