"""Disputes shown."""

from __future__ import annotations

from infra.local.psps.paypal import dispute_views
from infra.local.psps.paypal.endpoint import Call, Reply
from infra.local.psps.paypal.store import Store


def retrieve(store: Store, call: Call) -> Reply:
    """Raises PayPalError."""
    dispute = store.dispute(call.account, call.id)
    return Reply(200, lambda: dispute_views.dispute(dispute, store.url))
