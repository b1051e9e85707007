"""Payouts: a batch is accepted, then worked off; each item has an end of its own."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from infra.local.psps.paypal import amounts, errors, payout_views, receivers
from infra.local.psps.paypal.amounts import WrongAmount
from infra.local.psps.paypal.batches import Batch, Item
from infra.local.psps.paypal.endpoint import Call, Reply
from infra.local.psps.paypal.errors import PayPalError
from infra.local.psps.paypal.models import Transaction, new_id
from infra.local.psps.paypal.store import Store

_SECONDS = 0.2
"""From accepted to worked off, and from unclaimed to returned."""
_TYPES = ("EMAIL", "PHONE", "PAYPAL_ID")
_EVENTS = {
    "SUCCESS": "SUCCEEDED",
    "FAILED": "FAILED",
    "UNCLAIMED": "UNCLAIMED",
    "RETURNED": "RETURNED",
    "ONHOLD": "HELD",
    "DENIED": "DENIED",
}


def create(store: Store, call: Call) -> Reply:
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
    _check_new(store, batch)
    store.batches[batch.id] = batch
    store.items.update({each.id: each for each in batch.items})
    store.context.later.do(_SECONDS / 2, lambda: _begin(store, batch))
    return Reply(201, lambda: payout_views.created(batch, store.url))


def _begin(store: Store, batch: Batch) -> None:
    batch.status = "PROCESSING"
    store.tell_batch("PAYMENT.PAYOUTSBATCH.PROCESSING", batch)
    store.context.later.do(_SECONDS / 2, lambda: _finish(store, batch))


def _finish(store: Store, batch: Batch) -> None:
    """Denied as a whole where no receiver exists."""
    batch.completed = time.time()
    nobody = all(each.ending.error == "RECEIVER_ACCOUNT_INVALID" for each in batch.items)
    batch.status = "DENIED" if nobody else "SUCCESS"
    for item in batch.items:
        end(store, item, item.ending.status, item.ending.error)
        if item.ending.comes_back:
            store.context.later.do(_SECONDS, partial(bring_back, store, item))
    store.tell_batch(f"PAYMENT.PAYOUTSBATCH.{batch.status}", batch)


def bring_back(store: Store, item: Item) -> None:
    """Unless it was claimed, or taken back, meanwhile."""
    if item.status == "UNCLAIMED":
        end(store, item, "RETURNED", item.error)


def end(store: Store, item: Item, status: str, error: str | None, *, event: str = "") -> None:
    """Into the journal only where it is the end; money that left and came back is two lines."""
    before, item.status, item.error = item.status, status, error
    item.processed = time.time()
    if status in ("SUCCESS", "UNCLAIMED", "ONHOLD") and not item.transaction_id:
        item.transaction_id = new_id()
        _report(store, item, item.transaction_id, "T0001", -item.amount, -item.fee)
    if status == "SUCCESS":
        store.paid_out(item)
    elif status in ("FAILED", "DENIED", "RETURNED"):
        store.paid_out(item, status if status == "RETURNED" else error)
    if status == "RETURNED" and before == "UNCLAIMED":
        _report(store, item, new_id(), "T1115", item.amount, item.fee)
    store.tell_item(f"PAYMENT.PAYOUTS-ITEM.{event or _EVENTS[status]}", item)


def _report(store: Store, item: Item, id_: str, code: str, amount: int, fee: int) -> None:
    about = item.transaction_id if code != "T0001" else item.batch.id
    account, custom = item.batch.account, item.sender_item_id
    store.transactions.append(
        Transaction(account, id_, code, about, amount, fee, item.currency, custom)
    )


def _check_new(store: Store, batch: Batch) -> None:
    for known in store.batches.values():
        if (known.account, known.sender_batch_id) == (batch.account, batch.sender_batch_id):
            href = payout_views.batch_url(known, store.url)
            detail = {
                "field": "SENDER_BATCH_ID",
                "location": "body",
                "issue": "Batch with given sender_batch_id already exists",
                "link": [{"href": href, "rel": "self", "method": "GET"}],
            }
            raise errors.v1(400, "USER_BUSINESS_ERROR", "User business error.", details=[detail])


def _item(batch: Batch, entry: Any, at: str) -> Item:
    if not isinstance(entry, dict):
        raise _invalid(at, "Item is malformed")
    money = entry.get("amount")
    if not isinstance(money, dict):
        raise _invalid(f"{at}.amount", "Required field is missing")
    currency = _text(money, "currency", f"{at}.amount")
    try:
        amount = amounts.read(_text(money, "value", f"{at}.amount"), currency)
    except WrongAmount as wrong:
        member = "currency" if wrong.issue == "INVALID_CURRENCY_CODE" else "value"
        raise _invalid(f"{at}.amount.{member}", "Amount is invalid or not supported") from None
    kind = _text(entry, "recipient_type") or batch.recipient_type or "EMAIL"
    receiver = _text(entry, "receiver")
    if kind not in _TYPES or not receiver:
        raise _invalid(f"{at}.receiver", "Receiver is invalid or does not match with type")
    return Item(
        batch=batch,
        amount=amount,
        currency=currency,
        fee=amounts.fee(amount, currency, 20),
        receiver=receiver,
        recipient_type=kind,
        sender_item_id=_text(entry, "sender_item_id"),
        note=_text(entry, "note"),
        ending=receivers.ending(receiver, kind),
    )


def _text(fields: dict[str, Any], name: str, at: str = "") -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise _invalid(f"{at}.{name}".lstrip("."), "Must be a text")
    return value


def _invalid(field: str, issue: str) -> PayPalError:
    detail = {"field": field, "location": "body", "issue": issue}
    return errors.v1(400, "VALIDATION_ERROR", "Invalid request - see details", details=[detail])
