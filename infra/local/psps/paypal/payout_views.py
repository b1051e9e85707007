"""Payouts as JSON: the older API writes money with `currency` instead of `currency_code`."""

from __future__ import annotations

from infra.local.psps.paypal import amounts
from infra.local.psps.paypal.batches import Batch, Item
from infra.local.psps.paypal.errors import new_debug_id
from infra.local.psps.paypal.receivers import MESSAGES
from infra.local.psps.paypal.views import View, link, when, without_nothing


def money(minor: int, currency: str) -> View:
    return {"currency": currency, "value": amounts.written(minor, currency)}


def batch_url(of: Batch, base: str) -> str:
    return f"{base}/v1/payments/payouts/{of.id}"


def created(of: Batch, base: str) -> View:
    header = {
        "payout_batch_id": of.id,
        "batch_status": of.status,
        "time_created": when(of.created),
        "sender_batch_header": _sender(of),
    }
    return {"batch_header": header, "links": [link(batch_url(of, base), "self")]}


def batch(of: Batch, base: str) -> View:
    """Its header; the items are the caller's to add."""
    currency = of.items[0].currency
    header = {
        "payout_batch_id": of.id,
        "batch_status": of.status,
        "time_created": when(of.created),
        "time_completed": None if of.completed is None else when(of.completed),
        "time_closed": None if of.completed is None else when(of.completed),
        "sender_batch_header": _sender(of),
        "funding_source": "BALANCE",
        "amount": money(sum(each.amount for each in of.items), currency),
        "fees": money(sum(each.fee for each in of.items), currency),
    }
    return {"batch_header": without_nothing(header), "links": [link(batch_url(of, base), "self")]}


def item(of: Item, base: str, *, alone: bool = True) -> View:
    """`alone`: not as part of its batch, so it says which that is."""
    detail = {
        "recipient_type": of.recipient_type,
        "amount": money(of.amount, of.currency),
        "note": of.note,
        "receiver": of.receiver,
        "sender_item_id": of.sender_item_id,
        "recipient_wallet": "PAYPAL",
    }
    made = {
        "payout_item_id": of.id,
        "transaction_id": of.transaction_id,
        "transaction_status": of.status,
        "payout_item_fee": money(of.fee, of.currency),
        "payout_batch_id": of.batch.id,
        "sender_batch_id": of.batch.sender_batch_id if alone else None,
        "payout_item": without_nothing(detail),
        "time_processed": None if of.processed is None else when(of.processed),
        "errors": _errors(of.error),
        "links": [
            link(f"{base}/v1/payments/payouts-item/{of.id}", "self" if alone else "item"),
            *([link(batch_url(of.batch, base), "batch")] if alone else []),
        ],
    }
    return without_nothing(made)


def _sender(of: Batch) -> View:
    sender = {
        "sender_batch_id": of.sender_batch_id,
        "recipient_type": of.recipient_type,
        "email_subject": of.email_subject,
        "email_message": of.email_message,
    }
    return without_nothing(sender)


def _errors(name: str | None) -> View | None:
    if name is None:
        return None
    return {
        "name": name,
        "message": MESSAGES[name],
        "debug_id": new_debug_id(),
        "information_link": "https://developer.paypal.com/docs/api/payments.payouts-batch/v1/#errors",
    }
