"""Orders that take the money at once: what their capture says of the sale, and how it goes back."""

from __future__ import annotations

from dataclasses import replace

from activities.psp.wire import InDoubt, NeverSent
from workflows.domain.declines import DeclineReason
from workflows.domain.money import Money
from workflows.domain.psp import (
    Approved,
    Declined,
    Finding,
    Lookup,
    NotFound,
    Pending,
    Reply,
    VoidInstruction,
)

from . import orders, payments
from .client import Client, issue_of, looking_after_asking, path_id, refused, same
from .declines import STATUSES, declined, declined_payment
from .messages import Moved, Order, PurchaseUnit
from .references import PAYMENT_KEYS_LAST, order_id_of, still_remembered

TAKEN = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})
"""Refunded since is taken all the same."""
REFUSED = frozenset({"DECLINED", "FAILED"})
GONE = frozenset({"FAILED", "CANCELLED"})
"""Refunds that gave nothing back."""


def capture_of(unit: PurchaseUnit) -> Moved | None:
    """The one that counts: of several the one that was not refused. Raises InDoubt."""
    shown = unit.payments.captures
    standing = [taken for taken in shown if taken.status not in REFUSED]
    if not standing and "captures" in unit.payments.unread:
        raise InDoubt("the order shows a capture that cannot be read")
    return next(iter(standing or shown), None)


def reply_to(taken: Moved, order: Order | None, key: str, pending_ref: str) -> Reply:
    """What the capture says of the sale, by its own id, which a refund names. Raises InDoubt for
    one of another instruction."""
    same("reference", taken.custom_id, key)
    if taken.status in TAKEN:
        authentication = orders.authentication_of(taken, order)
        return Approved(taken.id, taken.amount.money, authentication, captured=True)
    if taken.status not in REFUSED:
        return Pending(pending_ref)
    no = declined_payment(taken, order)
    if taken.status == "DECLINED" and no.code == taken.status:
        # Without a code it is what a denied authorization is: no hold was there to be lost.
        reason, soft = STATUSES["DENIED"]
        return replace(no, reason=reason, soft=soft)
    return no


async def give_back(client: Client, instruction: VoidInstruction) -> Reply:
    """All that is left of it is refunded, under the void's key; the answer names the capture.
    Approved with 0 where nothing was taken: nobody but us can have it taken. Raises NeverSent
    without an id of PayPal's, InDoubt."""
    if instruction.psp_ref is None:
        raise NeverSent("PayPal gives back by its own id, which it never told us")
    unit = await _unit(client, instruction)
    taken = capture_of(unit) if unit is not None else None
    if unit is None or taken is None or taken.status in REFUSED:
        return Approved(instruction.psp_ref, Money(0, instruction.amount.currency))
    if taken.status not in TAKEN:
        # Under review: it can be refunded once it is taken, which a webhook tells.
        return Declined(DeclineReason.NOT_VOIDABLE, soft=False, code=taken.status[:80])
    ours = (each for each in unit.payments.refunds if each.invoice_id == instruction.key)
    if (before := next(ours, None)) is not None:
        return of_void(before, taken.id)
    left = _left_of(taken, unit)
    if left.is_zero:
        return Approved(taken.id, left)
    path = f"{payments.CAPTURES}/{path_id(taken.id)}/refund"
    answer = await client.post(path, instruction, payments.body(left, instruction.key))
    issue = issue_of(answer)
    if issue in payments.REFUNDED_BEFORE:
        with looking_after_asking():
            found = await payments.refund_under(
                client, taken.id, instruction.key, instruction.trace_id
            )
        return declined(issue or "") if isinstance(found, NotFound) else _back(found, taken.id)
    if answer.status not in (200, 201):
        return refused(answer)
    moved = payments.about(client, answer, instruction)
    return _back(payments.refunded(moved), taken.id)


async def given_back(client: Client, lookup: Lookup, capture_id: str) -> Finding:
    """Whether the void of this key has. Raises NeverSent or InDoubt."""
    found = await payments.refund_under(client, capture_id, lookup.key, lookup.trace_id)
    if isinstance(found, NotFound):
        return NotFound(safe_to_repeat=still_remembered(lookup, PAYMENT_KEYS_LAST))
    return _back(found, capture_id)


def of_void(moved: Moved, capture_id: str) -> Reply:
    """What a refund that a void ordered says, by the name of what was given back."""
    return _back(payments.refunded(moved), capture_id)


def _back(reply: Reply, capture_id: str) -> Reply:
    match reply:
        case Approved(amount=amount):
            return Approved(capture_id, amount)
        case Pending():
            return Pending(capture_id)
        case _:
            return reply


def _left_of(taken: Moved, unit: PurchaseUnit) -> Money:
    if "refunds" in unit.payments.unread:
        raise InDoubt("the order shows a refund that cannot be read")
    left = taken.amount.money
    for refund in unit.payments.refunds:
        if refund.status not in GONE:
            left = left - refund.amount.money
    return left


async def _unit(client: Client, instruction: VoidInstruction) -> PurchaseUnit | None:
    """Of the order; None where PayPal has forgotten it, as it does with what nobody approved."""
    psp_ref = instruction.psp_ref or ""
    order_id, key, trace_id = order_id_of(psp_ref), instruction.authorize_key, instruction.trace_id
    if order_id is None:
        taken = await payments.look(client, f"{payments.CAPTURES}/{path_id(psp_ref)}", trace_id)
        if taken is None or taken.order_id is None:
            raise InDoubt("PayPal does not show the capture, or not its order")
        order_id = taken.order_id
    order = await orders.look(client, order_id, trace_id)
    return None if order is None else orders.the_unit(client, order, key)
