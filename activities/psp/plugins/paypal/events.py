"""Every event type that PayPal has: translated into a fact of ours, or passed over."""

from __future__ import annotations

from collections.abc import Callable

from activities.psp.wire import InDoubt
from workflows.domain.declines import DeclineReason
from workflows.domain.events import PspEvent
from workflows.domain.identity import is_of_a_sale
from workflows.domain.psp import Declined, Operation, Ready

from . import disputes, orders, payments, payouts, unasked
from .declines import declined
from .event_types import IGNORED
from .heard import Unfit, Webhook
from .messages import Moved, Order, PurchaseUnit
from .payout_messages import Batch, ItemDetail
from .references import BATCH, is_ours, order_ref

__all__ = ["IGNORED", "TRANSLATED"]

Translation = Callable[[Webhook], PspEvent | None]
"""None where it is about nothing of ours. Raises ValidationError, InDoubt or Unfit."""


def _order_approved(webhook: Webhook) -> PspEvent | None:
    order = webhook.resource(Order)
    unit = _unit_of_ours(webhook, order)
    if unit is None or unit.amount is None:
        return None
    key = unit.custom_id or ""
    held = orders.moved_in(unit, key)
    ended = order.status == "VOIDED" or held is not None
    reply = (
        orders.state_of(webhook.client, order, key, None) if ended else Ready(order_ref(order.id))
    )
    name = order_ref(order.id)
    return webhook.event(key, Operation.AUTHORIZE, reply, unit.amount.money, name)


def _order_voided(webhook: Webhook) -> PspEvent | None:
    if webhook.resource(Order).status != "VOIDED":
        raise Unfit
    return _order_approved(webhook)


def _order_expired(webhook: Webhook) -> PspEvent | None:
    """Nobody can approve it any more, whatever its status says; what it holds is held."""
    order = webhook.resource(Order)
    unit = _unit_of_ours(webhook, order)
    if unit is None or unit.amount is None:
        return None
    key = unit.custom_id or ""
    held = orders.moved_in(unit, key)
    over = Declined(DeclineReason.EXPIRED, soft=False, code="EXPIRED")
    reply = over if held is None else orders.reply_to(held, order, key, order_ref(order.id))
    name = order_ref(order.id)
    return webhook.event(key, Operation.AUTHORIZE, reply, unit.amount.money, name)


def _unit_of_ours(webhook: Webhook, order: Order) -> PurchaseUnit | None:
    unit = order.purchase_units[0] if order.purchase_units else None
    if unit is None or unit.amount is None or not is_ours(unit.custom_id, Operation.AUTHORIZE):
        return None
    webhook.client.pays(unit.payee)
    return unit


def _authorization(webhook: Webhook) -> PspEvent | None:
    held = webhook.moved()
    key = held.custom_id
    if key is None or not is_ours(key, Operation.AUTHORIZE):
        return None
    pending = order_ref(held.order_id) if held.order_id else held.id
    reply = orders.reply_to(held, None, key, pending)
    return webhook.event(key, Operation.AUTHORIZE, reply, held.amount.money, held.id)


def _capture(webhook: Webhook) -> PspEvent | None:
    moved = webhook.moved()
    key = moved.invoice_id
    if is_of_a_sale(moved.custom_id or ""):
        return _sale(webhook, moved, moved.custom_id or "")
    if key is None or not is_ours(key, Operation.CAPTURE):
        return unasked.capture(webhook, moved)
    reply = payments.captured(moved)
    return webhook.event(key, Operation.CAPTURE, reply, moved.amount.money, moved.id)


def _sale(webhook: Webhook, moved: Moved, key: str) -> PspEvent | None:
    """The capture of an order that takes the money at once: PayPal passes the order's key on."""
    if not is_ours(key, Operation.AUTHORIZE):
        return None
    pending = order_ref(moved.order_id) if moved.order_id else moved.id
    reply = orders.reply_to(moved, None, key, pending)
    return webhook.event(key, Operation.AUTHORIZE, reply, moved.amount.money, moved.id)


def _refund(webhook: Webhook) -> PspEvent | None:
    moved = webhook.moved()
    key = moved.invoice_id
    if is_ours(key, Operation.VOID):
        return unasked.of_void(webhook, moved)
    if key is None or not is_ours(key, Operation.REFUND):
        return unasked.refund(webhook, moved)
    reply = payments.refunded(moved)
    return webhook.event(key, Operation.REFUND, reply, moved.amount.money, moved.id)


def _payout_item(webhook: Webhook) -> PspEvent | None:
    item = webhook.resource(ItemDetail)
    key = item.payout_item.sender_item_id
    if key is None or not is_ours(key, Operation.PAYOUT):
        return None
    reply, amount = payouts.of_item(item, key), item.payout_item.amount.money
    return webhook.event(key, Operation.PAYOUT, reply, amount, item.payout_item_id)


def _payout_denied(webhook: Webhook) -> PspEvent | None:
    """A batch that PayPal will not begin: none of its items is paid."""
    batch = webhook.resource(Batch)
    header = batch.batch_header
    key = header.sender_batch_header.sender_batch_id
    if key is None or not is_ours(key, Operation.PAYOUT):
        return None
    if header.batch_status != "DENIED":
        raise Unfit
    if header.amount is None:
        raise InDoubt("the batch does not tell its amount")
    reply, name = declined("DENIED"), BATCH + header.payout_batch_id
    return webhook.event(key, Operation.PAYOUT, reply, header.amount.money, name)


TRANSLATED: dict[str, Translation] = {
    "CHECKOUT.ORDER.APPROVED": _order_approved,
    "CHECKOUT.ORDER.EXPIRED": _order_expired,
    "CHECKOUT.ORDER.VOIDED": _order_voided,
    "CUSTOMER.DISPUTE.RESOLVED": disputes.resolved,
    "PAYMENT.AUTHORIZATION.CREATED": _authorization,
    "PAYMENT.AUTHORIZATION.PENDING": _authorization,
    "PAYMENT.AUTHORIZATION.DENIED": _authorization,
    "PAYMENT.AUTHORIZATION.VOIDED": unasked.void,
    "PAYMENT.AUTHORIZATION.EXPIRED": unasked.expiry,
    "PAYMENT.CAPTURE.COMPLETED": _capture,
    "PAYMENT.CAPTURE.PENDING": _capture,
    "PAYMENT.CAPTURE.DENIED": _capture,
    "PAYMENT.CAPTURE.DECLINED": _capture,
    "PAYMENT.CAPTURE.REFUNDED": _refund,
    "PAYMENT.CAPTURE.REVERSED": unasked.reversal,
    "PAYMENT.ORDER.EXPIRED": _order_expired,
    "PAYMENT.REFUND.COMPLETED": _refund,
    "PAYMENT.REFUND.PENDING": _refund,
    "PAYMENT.REFUND.FAILED": _refund,
    "PAYMENT.REFUND.CANCELLED": _refund,
    "PAYMENT.PAYOUTS-ITEM.SUCCEEDED": _payout_item,
    "PAYMENT.PAYOUTS-ITEM.PENDING": _payout_item,
    "PAYMENT.PAYOUTS-ITEM.UNCLAIMED": _payout_item,
    "PAYMENT.PAYOUTS-ITEM.HELD": _payout_item,
    "PAYMENT.PAYOUTS-ITEM.BLOCKED": _payout_item,
    "PAYMENT.PAYOUTS-ITEM.CANCELED": _payout_item,
    "PAYMENT.PAYOUTS-ITEM.DENIED": _payout_item,
    "PAYMENT.PAYOUTS-ITEM.FAILED": _payout_item,
    "PAYMENT.PAYOUTS-ITEM.REFUNDED": _payout_item,
    "PAYMENT.PAYOUTS-ITEM.RETURNED": _payout_item,
    "PAYMENT.PAYOUTS-ITEM.REVERSED": _payout_item,
    "PAYMENT.PAYOUTSBATCH.DENIED": _payout_denied,
}
