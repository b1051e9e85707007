"""What became of an instruction: by PayPal's id of it, or by that of what it acts on."""

from __future__ import annotations

from dataclasses import replace

from workflows.domain.identity import is_of_a_sale
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Finding, Lookup, NoStatus, NotFound, Operation, Pending

from . import orders, payments, payouts, sales
from .client import Client, path_id, same
from .declines import declined
from .messages import Moved, Order
from .references import (
    BATCH,
    ORDER_KEYS_LAST,
    PAYMENT_KEYS_LAST,
    PAYOUT_KEYS_LAST,
    authorize_key_of,
    order_id_of,
    sale_key_of,
    still_remembered,
)


async def look_up(client: Client, lookup: Lookup) -> Finding:
    """Moves nothing. Raises NeverSent or InDoubt where PayPal did not tell."""
    match lookup.operation:
        case Operation.AUTHORIZE:
            return await _authorization(client, lookup)
        case Operation.CAPTURE:
            return await _capture(client, lookup)
        case Operation.VOID:
            return await _void(client, lookup)
        case Operation.REFUND:
            return await _refund(client, lookup)
        case Operation.PAYOUT:
            return await _payout(client, lookup)
        case Operation.CHARGEBACK | Operation.CHARGEBACK_REVERSED:
            # Nobody instructs them.
            return NoStatus()


async def _authorization(client: Client, lookup: Lookup) -> Finding:
    if lookup.psp_ref is None:
        return NoStatus(still_remembered(lookup, ORDER_KEYS_LAST))
    order_id = order_id_of(lookup.psp_ref)
    if order_id is not None:
        currency = lookup.amount.currency if lookup.amount is not None else None
        return await orders.look_up(client, order_id, lookup.key, lookup.trace_id, currency)
    where = payments.CAPTURES if is_of_a_sale(lookup.key) else payments.AUTHORIZATIONS
    held = await _look(client, where, lookup.psp_ref, lookup)
    if held is None:
        return NotFound()
    return orders.reply_to(held, None, lookup.key, pending_ref=held.id)


async def _capture(client: Client, lookup: Lookup) -> Finding:
    if lookup.psp_ref is not None:
        moved = await _look(client, payments.CAPTURES, lookup.psp_ref, lookup)
        if moved is None:
            return NotFound()
        same("reference", moved.invoice_id, lookup.key)
        return payments.captured(moved)
    if lookup.parent_ref is None:
        return NoStatus(still_remembered(lookup, PAYMENT_KEYS_LAST))
    found = await payments.capture_under(client, lookup.parent_ref, lookup.key, lookup.trace_id)
    return _repeatable(found, lookup)


async def _refund(client: Client, lookup: Lookup) -> Finding:
    if lookup.psp_ref is not None:
        moved = await _look(client, payments.REFUNDS, lookup.psp_ref, lookup)
        if moved is None:
            return NotFound()
        same("reference", moved.invoice_id, lookup.key)
        return payments.refunded(moved)
    if lookup.parent_ref is None:
        return NoStatus(still_remembered(lookup, PAYMENT_KEYS_LAST))
    found = await payments.refund_under(client, lookup.parent_ref, lookup.key, lookup.trace_id)
    return _repeatable(found, lookup)


async def _void(client: Client, lookup: Lookup) -> Finding:
    """By what was authorized, or sold, alone: a void has no id of its own."""
    ref, key = lookup.parent_ref or lookup.psp_ref, authorize_key_of(lookup.key)
    if ref is None or key is None:
        return NoStatus()
    order_id = order_id_of(ref)
    if order_id is None:
        held = await _look(client, payments.AUTHORIZATIONS, ref, lookup)
        if held is not None:
            return _voided(held, key, lookup)
        taken = await _look(client, payments.CAPTURES, ref, lookup)
        if taken is None or not is_of_a_sale(taken.custom_id or ""):
            return NotFound()
        return await sales.given_back(client, lookup, taken.id)
    order = await orders.look(client, order_id, lookup.trace_id)
    held = None
    if order is not None and order.is_sale:
        return await _of_a_sale(client, lookup, order, ref)
    if order is not None:
        held = orders.authorization_of(orders.the_unit(client, order, key))
    if held is None or held.status in ("DENIED", "VOIDED"):
        return Approved(ref, _zero(lookup, held))
    return _voided(held, key, lookup)


async def _of_a_sale(client: Client, lookup: Lookup, order: Order, ref: str) -> Finding:
    key = sale_key_of(lookup.key) or ""
    taken = sales.capture_of(orders.the_unit(client, order, key))
    if taken is None or taken.status in sales.REFUSED:
        return Approved(ref, _zero(lookup, taken))
    return await sales.given_back(client, lookup, taken.id)


def _voided(held: Moved, key: str, lookup: Lookup) -> Finding:
    same("reference", held.custom_id, key)
    whole = lookup.amount is None or lookup.amount == held.amount.money
    match held.status:
        case "VOIDED":
            return Approved(held.id, held.amount.money)
        case "CREATED" | "PENDING":
            # It stands: whether a void is on its way nobody tells, and a second one does no harm.
            return NoStatus(safe_to_repeat=True)
        case "CAPTURED" | "PARTIALLY_CAPTURED":
            # Of a part that was captured PayPal has released the rest by itself.
            spent = declined("PREVIOUSLY_CAPTURED")
            return spent if whole else Approved(held.id, _zero(lookup, held))
        case "DENIED":
            return declined("CANNOT_BE_VOIDED")
        case _:
            return Pending(held.id)


async def _payout(client: Client, lookup: Lookup) -> Finding:
    ref = lookup.psp_ref
    if ref is None:
        return NoStatus(still_remembered(lookup, PAYOUT_KEYS_LAST))
    if ref.startswith(BATCH):
        batch_id = ref.removeprefix(BATCH)
        found = await payouts.look_up_batch(client, batch_id, lookup.key, lookup.trace_id)
    else:
        found = await payouts.look_up_item(client, ref, lookup.key, lookup.trace_id)
        if isinstance(found, NotFound):
            # What was paid is known by its transaction, and items are found by their own id.
            return NoStatus(still_remembered(lookup, PAYOUT_KEYS_LAST))
    return _of_currency(found, lookup)


async def _look(client: Client, where: str, ref: str, lookup: Lookup) -> Moved | None:
    moved = await payments.look(client, f"{where}/{path_id(ref)}", lookup.trace_id)
    if moved is not None and lookup.amount is not None:
        same("currency", moved.amount.currency_code, lookup.amount.currency)
    return moved


def _of_currency(found: Finding, lookup: Lookup) -> Finding:
    """Raises InDoubt for what was done in another currency than was asked."""
    if isinstance(found, Approved) and lookup.amount is not None:
        same("currency", found.amount.currency, lookup.amount.currency)
    return found


def _repeatable(found: Finding, lookup: Lookup) -> Finding:
    if not isinstance(found, NotFound):
        return _of_currency(found, lookup)
    return replace(found, safe_to_repeat=still_remembered(lookup, PAYMENT_KEYS_LAST))


def _zero(lookup: Lookup, held: Moved | None) -> Money:
    if lookup.amount is not None:
        return Money(0, lookup.amount.currency)
    return Money(0, held.amount.currency_code if held is not None else "USD")
