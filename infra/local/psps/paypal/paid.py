"""Payouts shown, by batch and by item; an unclaimed item taken back."""

from __future__ import annotations

from infra.local.psps.paypal import errors, paying, payout_views
from infra.local.psps.paypal.batches import Item
from infra.local.psps.paypal.endpoint import Call, Reply
from infra.local.psps.paypal.errors import PayPalError
from infra.local.psps.paypal.store import Store
from infra.local.psps.paypal.views import View


def retrieve_batch(store: Store, call: Call) -> Reply:
    """By pages. Raises PayPalError, as every rule."""
    batch = store.batches.get(call.id)
    if batch is None or batch.account != call.account:
        raise _missing()
    size, page = _number(call, "page_size", 1000), _number(call, "page", 1)
    shown = batch.items[(page - 1) * size : page * size]

    def show() -> View:
        view = payout_views.batch(batch, store.url)
        view["items"] = [payout_views.item(each, store.url, alone=False) for each in shown]
        if call.query.get("total_required") == "true":
            view["total_items"] = len(batch.items)
            view["total_pages"] = -(-len(batch.items) // size)
        return view

    return Reply(200, show)


def retrieve_item(store: Store, call: Call) -> Reply:
    item = _item(store, call)
    return Reply(200, lambda: payout_views.item(item, store.url))


def cancel(store: Store, call: Call) -> Reply:
    item = _item(store, call)
    if item.cancelled:
        raise errors.v1(400, "ITEM_ALREADY_CANCELLED", "Item already cancelled.")
    if item.batch.completed is None:
        raise errors.v1(400, "BATCH_NOT_COMPLETED", "Batch is not completed yet.")
    if item.status != "UNCLAIMED":
        raise errors.v1(400, "ITEM_INCORRECT_STATUS", "Only unclaimed items can be cancelled.")
    item.cancelled = True
    paying.end(store, item, "RETURNED", item.error, event="CANCELED")
    return Reply(200, lambda: payout_views.item(item, store.url))


def _item(store: Store, call: Call) -> Item:
    item = store.items.get(call.id)
    if item is None or item.batch.account != call.account:
        raise _missing()
    return item


def _missing() -> PayPalError:
    return errors.v1(404, "INVALID_RESOURCE_ID", "Requested resource ID was not found.")


def _number(call: Call, name: str, default: int) -> int:
    value = call.query.get(name, str(default))
    if not value.isdecimal() or not 1 <= int(value) <= 1000:
        detail = {"field": name, "location": "query", "issue": "Must be from 1 to 1000"}
        text = "Invalid request - see details"
        raise errors.v1(400, "VALIDATION_ERROR", text, details=[detail])
    return int(value)
