"""Every event type that PayPal has: translated into a fact of ours, or passed over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import Field

from activities.psp.wire import InDoubt
from workflows.domain.late_events import void_key_of
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Fact, Operation, PspEvent, Ready

from . import orders, payments, payouts
from .client import Client
from .declines import declined
from .event_types import IGNORED
from .messages import Message, Moved, Order
from .payout_messages import Batch, ItemDetail
from .references import any_key_in, is_ours, order_ref

__all__ = ["IGNORED", "TRANSLATED", "EventHead", "Told", "Unfit"]

Model = TypeVar("Model", bound=Message)


class EventHead(Message):
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,128}$")]
    event_type: Annotated[str, Field(pattern=r"^[A-Z0-9_.\-]{1,100}$")]
    create_time: str = ""
    resource: Annotated[dict[str, Any], Field(repr=False, default_factory=dict)]

    @property
    def names_a_key(self) -> bool:
        """Whether a key of ours stands anywhere in it, in whatever field."""
        return any_key_in(orjson.dumps(self.resource).decode())


class Unfit(Exception):
    """The event contradicts itself, or is about another merchant."""


@dataclass(frozen=True)
class Told:
    head: EventHead
    client: Client
    account: str

    def resource(self, model: type[Model]) -> Model:
        """Raises ValidationError."""
        return model.model_validate(self.head.resource)

    def event(self, key: str, operation: Operation, reply: Fact, amount: Money) -> PspEvent:
        return PspEvent(
            psp="paypal",
            event_id=self.head.id,
            key=key,
            operation=operation,
            reply=reply,
            amount=amount,
            occurred_at=self.head.create_time,
            raw_type=self.head.event_type,
            account=self.account,
        )

    def moved(self) -> Moved:
        """Raises ValidationError, or Unfit for another merchant's."""
        moved = self.resource(Moved)
        try:
            self.client.pays(moved.payee)
        except InDoubt:
            raise Unfit from None
        return moved


Translation = Callable[[Told], PspEvent | None]
"""None where it is about nothing of ours. Raises ValidationError, InDoubt or Unfit."""


def _order_approved(told: Told) -> PspEvent | None:
    order = told.resource(Order)
    unit = order.purchase_units[0] if order.purchase_units else None
    if unit is None or unit.amount is None or not is_ours(unit.custom_id, Operation.AUTHORIZE):
        return None
    told.client.pays(unit.payee)
    key = unit.custom_id or ""
    reply = Ready(order_ref(order.id))
    return told.event(key, Operation.AUTHORIZE, reply, unit.amount.money)


def _authorization(told: Told) -> PspEvent | None:
    held = told.moved()
    key = held.custom_id
    if key is None or not is_ours(key, Operation.AUTHORIZE):
        return None
    pending = order_ref(held.order_id) if held.order_id else held.id
    reply = orders.reply_to(held, None, key, pending)
    return told.event(key, Operation.AUTHORIZE, reply, held.amount.money)


def _voided(told: Told) -> PspEvent | None:
    """By us, or by PayPal when the authorization lapsed."""
    held = told.moved()
    key = held.custom_id
    if key is None or not is_ours(key, Operation.AUTHORIZE):
        return None
    if held.status != "VOIDED":
        raise Unfit
    void_key = void_key_of(key)
    amount = held.amount.money
    return told.event(void_key, Operation.VOID, Approved(held.id, amount), amount)


def _capture(told: Told) -> PspEvent | None:
    moved = told.moved()
    key = moved.invoice_id
    if key is None or not is_ours(key, Operation.CAPTURE):
        return None
    return told.event(key, Operation.CAPTURE, payments.captured(moved), moved.amount.money)


def _refund(told: Told) -> PspEvent | None:
    """Not of ours is a refund that somebody made on PayPal's own pages: reports tell of it."""
    moved = told.moved()
    key = moved.invoice_id
    if key is None or not is_ours(key, Operation.REFUND):
        return None
    return told.event(key, Operation.REFUND, payments.refunded(moved), moved.amount.money)


def _payout_item(told: Told) -> PspEvent | None:
    item = told.resource(ItemDetail)
    key = item.payout_item.sender_item_id
    if key is None or not is_ours(key, Operation.PAYOUT):
        return None
    amount = item.payout_item.amount.money
    return told.event(key, Operation.PAYOUT, payouts.of_item(item, key), amount)


def _payout_denied(told: Told) -> PspEvent | None:
    """A batch that PayPal will not begin: none of its items is paid."""
    batch = told.resource(Batch)
    header = batch.batch_header
    key = header.sender_batch_header.sender_batch_id
    if key is None or header.amount is None or not is_ours(key, Operation.PAYOUT):
        return None
    if header.batch_status != "DENIED":
        raise Unfit
    return told.event(key, Operation.PAYOUT, declined("DENIED"), header.amount.money)


TRANSLATED: dict[str, Translation] = {
    "CHECKOUT.ORDER.APPROVED": _order_approved,
    "PAYMENT.AUTHORIZATION.CREATED": _authorization,
    "PAYMENT.AUTHORIZATION.PENDING": _authorization,
    "PAYMENT.AUTHORIZATION.DENIED": _authorization,
    "PAYMENT.AUTHORIZATION.VOIDED": _voided,
    "PAYMENT.CAPTURE.COMPLETED": _capture,
    "PAYMENT.CAPTURE.PENDING": _capture,
    "PAYMENT.CAPTURE.DENIED": _capture,
    "PAYMENT.CAPTURE.DECLINED": _capture,
    "PAYMENT.CAPTURE.REFUNDED": _refund,
    "PAYMENT.REFUND.COMPLETED": _refund,
    "PAYMENT.REFUND.PENDING": _refund,
    "PAYMENT.REFUND.FAILED": _refund,
    "PAYMENT.REFUND.CANCELLED": _refund,
    "PAYMENT.PAYOUTS-ITEM.SUCCEEDED": _payout_item,
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
