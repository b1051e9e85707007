"""Payout batches of one item each, as PayPal tells them: another dialect than that of orders."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from workflows.domain.money import Money

from .amounts import money_of
from .messages import ErrorDetail, Id, Message


class Currency(Message):
    """An amount, in the words of the payouts."""

    currency: str
    value: str

    @property
    def money(self) -> Money:
        """Raises InDoubt."""
        return money_of(self.value, self.currency)


class SenderBatchHeader(Message):
    sender_batch_id: str | None = None


class BatchHeader(Message):
    payout_batch_id: Id
    batch_status: str
    sender_batch_header: SenderBatchHeader = SenderBatchHeader()
    amount: Currency | None = None


class Created(Message):
    batch_header: BatchHeader


class Item(Message):
    amount: Currency
    sender_item_id: str | None = None


class ItemError(Message):
    name: str = ""
    details: Annotated[tuple[ErrorDetail, ...], Field(strict=False)] = ()


class ItemDetail(Message):
    payout_item_id: Id
    payout_batch_id: Id
    transaction_id: Id | None = None
    transaction_status: str
    payout_item: Item
    errors: ItemError | None = None

    @property
    def code(self) -> str:
        """Why it was not paid: of the error, where there is one."""
        return (self.errors and self.errors.name) or self.transaction_status


class Batch(Message):
    batch_header: BatchHeader
    items: Annotated[tuple[ItemDetail, ...], Field(strict=False)] = ()
