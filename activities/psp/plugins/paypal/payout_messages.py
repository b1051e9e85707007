"""Payout batches of one item each, as PayPal tells them: another dialect than that of orders."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from workflows.domain.money import Money

from .amounts import money_of
from .messages import ErrorDetail
from .reading import Id, IdIfAny, Message, Text, adornment, nothing


class Currency(Message):
    """An amount, in the words of the payouts."""

    currency: str
    value: Text

    @property
    def money(self) -> Money:
        """Raises InDoubt."""
        return money_of(self.value, self.currency)


class SenderBatchHeader(Message):
    """Our name of the batch: the payout's key."""

    sender_batch_id: str | None = None


class BatchHeader(Message):
    """Of the Payouts API 1.9. Its status is of the batch, not of what it pays."""

    payout_batch_id: Id
    batch_status: str
    sender_batch_header: SenderBatchHeader = SenderBatchHeader()
    amount: Annotated[Currency | None, adornment(nothing)] = None
    """Of a batch that was not begun PayPal may tell a zero of no currency."""


class Created(Message):
    """The answer to a new batch."""

    batch_header: BatchHeader


class Item(Message):
    """What was asked for, `sender_item_id` being the payout's key again."""

    amount: Currency
    sender_item_id: str | None = None


class ItemError(Message):
    """Why an item was not paid; its name or first issue is the code."""

    name: str = ""
    details: Annotated[tuple[ErrorDetail, ...], Field(strict=False)] = ()


class ItemDetail(Message):
    """What became of the item, and PayPal's ids of it; `transaction_id` once it is paid."""

    payout_item_id: Id
    payout_batch_id: Id
    transaction_id: IdIfAny = None
    transaction_status: str
    payout_item: Item
    errors: Annotated[ItemError | None, adornment(nothing)] = None

    @property
    def code(self) -> str:
        """Why it was not paid: of the error, where there is one."""
        return (self.errors and self.errors.name) or self.transaction_status


class Batch(Message):
    """As it is looked at: ours has one item, none before it is processed."""

    batch_header: BatchHeader
    items: Annotated[tuple[ItemDetail, ...], Field(strict=False)] = ()
