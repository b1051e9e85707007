"""Payouts: a batch is accepted, then worked off; each item has an end of its own."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from infra.lookalikes.paypal import amounts, errors, payout_views, receivers
from infra.lookalikes.paypal.amounts import WrongAmount
from infra.lookalikes.paypal.batches import Batch, Item
from infra.lookalikes.paypal.books import Books
from infra.lookalikes.paypal.desk import Call, Reply
from infra.lookalikes.paypal.errors import PayPalError
from infra.lookalikes.paypal.things import Transaction, new_id

_SECONDS = 0.2
"""From accepted to worked off, and from unclaimed to returned."""
_TYPES = ("EMAIL", "PHONE", "PAYPAL_ID")
_EVENTS = {
    "SUCCESS": "SUCCEEDED",
    "FAILED": "FAILED",
    "UNCLAIMED": "UNCLAIMED",
    "RETURNED": "RETURNED",
    "ONHOLD": "HELD",
}


def create(books: Books, call: Call) -> Reply:
    """The sender_batch_id is what makes it idempotent: PayPal refuses the second of the same name.

    Raises PayPalError.
    """
    header, items = call.body.get("sender_batch_header"), call.body.get("items")
    if not isinstance(header, dict):
        raise _invalid("sender_batch_header", "Required field is missing")
    if not isinstance(items, list) or not items:
        raise _invalid("items", "Required field is missing")
    batch = Batch(
        account=call.account,
        sender_batch_id=_text(header, "sender_batch_id") or new_id(13),
        recipient_type=_text(header, "recipient_type"),
        email_subject=_text(header, "email_subject"),
        email_message=_text(header, "email_message"),
    )
    batch.items = [_item(batch, each, f"items[{n}]") for n, each in enumerate(items)]
    if len({each.currency for each in batch.items}) > 1:
        raise _invalid("items", "All items of a payout must have the same currency")
    _check_new(books, batch)
    books.batches[batch.id] = batch
    books.items.update({each.id: each for each in batch.items})
    books.ground.later.do(_SECONDS / 2, lambda: _begin(books, batch))
    return Reply(201, lambda: payout_views.created(batch, books.url))


def _begin(books: Books, batch: Batch) -> None:
    batch.status = "PROCESSING"
    books.tell_batch("PAYMENT.PAYOUTSBATCH.PROCESSING", batch)
    books.ground.later.do(_SECONDS / 2, lambda: _finish(books, batch))


def _finish(books: Books, batch: Batch) -> None:
    """Denied as a whole where no receiver exists."""
    batch.completed = time.time()
    nobody = all(each.ending.error == "RECEIVER_ACCOUNT_INVALID" for each in batch.items)
    batch.status = "DENIED" if nobody else "SUCCESS"
    for item in batch.items:
        end(books, item, item.ending.status, item.ending.error)
        if item.ending.comes_back:
            books.ground.later.do(_SECONDS, partial(bring_back, books, item))
    books.tell_batch(f"PAYMENT.PAYOUTSBATCH.{batch.status}", batch)


def bring_back(books: Books, item: Item) -> None:
    """Unless it was claimed, or taken back, meanwhile."""
    if item.status == "UNCLAIMED":
        end(books, item, "RETURNED", item.error)


def end(books: Books, item: Item, status: str, error: str | None, *, event: str = "") -> None:
    """Into the journal only where it is the end; money that left and came back is two lines."""
    before, item.status, item.error = item.status, status, error
    item.processed = time.time()
    if status in ("SUCCESS", "UNCLAIMED", "ONHOLD") and not item.transaction_id:
        item.transaction_id = new_id()
        _report(books, item, item.transaction_id, "T0001", -item.amount, -item.fee)
    if status == "SUCCESS":
        books.paid_out(item)
    elif status in ("FAILED", "RETURNED"):
        books.paid_out(item, error if status == "FAILED" else status)
    if status == "RETURNED" and before == "UNCLAIMED":
        _report(books, item, new_id(), "T1115", item.amount, item.fee)
    books.tell_item(f"PAYMENT.PAYOUTS-ITEM.{event or _EVENTS[status]}", item)


def _report(books: Books, item: Item, id_: str, code: str, amount: int, fee: int) -> None:
    about = item.transaction_id if code != "T0001" else item.batch.id
    account, custom = item.batch.account, item.sender_item_id
    books.transactions.append(
        Transaction(account, id_, code, about, amount, fee, item.currency, custom)
    )


def _check_new(books: Books, batch: Batch) -> None:
    for known in books.batches.values():
        if (known.account, known.sender_batch_id) == (batch.account, batch.sender_batch_id):
            href = payout_views.batch_url(known, books.url)
            detail = {
                "field": "SENDER_BATCH_ID",
                "location": "body",
                "issue": "Batch with given sender_batch_id already exists",
                "link": [{"href": href, "rel": "self", "method": "GET"}],
            }
            raise errors.v1(400, "USER_BUSINESS_ERROR", "User business error.", details=[detail])


def _item(batch: Batch, told: Any, at: str) -> Item:
    if not isinstance(told, dict):
        raise _invalid(at, "Item is malformed")
    money = told.get("amount")
    if not isinstance(money, dict):
        raise _invalid(f"{at}.amount", "Required field is missing")
    currency = _text(money, "currency", f"{at}.amount")
    try:
        amount = amounts.read(_text(money, "value", f"{at}.amount"), currency)
    except WrongAmount as wrong:
        member = "currency" if wrong.issue == "INVALID_CURRENCY_CODE" else "value"
        raise _invalid(f"{at}.amount.{member}", "Amount is invalid or not supported") from None
    kind = _text(told, "recipient_type") or batch.recipient_type or "EMAIL"
    receiver = _text(told, "receiver")
    if kind not in _TYPES or not receiver:
        raise _invalid(f"{at}.receiver", "Receiver is invalid or does not match with type")
    return Item(
        batch=batch,
        amount=amount,
        currency=currency,
        fee=amounts.fee(amount, currency, 20),
        receiver=receiver,
        recipient_type=kind,
        sender_item_id=_text(told, "sender_item_id"),
        note=_text(told, "note"),
        ending=receivers.ending(receiver, kind),
    )


def _text(told: dict[str, Any], name: str, at: str = "") -> str:
    value = told.get(name, "")
    if not isinstance(value, str):
        raise _invalid(f"{at}.{name}".lstrip("."), "Must be a text")
    return value


def _invalid(field: str, issue: str) -> PayPalError:
    detail = {"field": field, "location": "body", "issue": issue}
    return errors.v1(400, "VALIDATION_ERROR", "Invalid request - see details", details=[detail])
