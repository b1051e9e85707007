"""The store of the lookalike: what it keeps, and how each effect is journalled and told."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import orjson

from infra.local.psps.base.context import Context
from infra.local.psps.base.journal import Done, Operation
from infra.local.psps.base.outbox import Event
from infra.local.psps.paypal import dispute_views, errors, payout_views, views
from infra.local.psps.paypal.batches import Batch, Item
from infra.local.psps.paypal.models import (
    Authorization,
    Capture,
    Dispute,
    Order,
    Refund,
    Transaction,
    new_id,
)
from infra.local.psps.paypal.ordered import Refusals
from infra.local.psps.paypal.signing import Seal
from infra.local.psps.paypal.tokens import Tokens

Kept = TypeVar("Kept")


class Store:
    def __init__(self, context: Context) -> None:
        self.context, self.url = context, context.url
        self.tokens, self.seal = Tokens(context.credentials), Seal(context.url)
        self.refusals = Refusals()
        self.orders: dict[str, Order] = {}
        self.authorizations: dict[str, Authorization] = {}
        self.captures: dict[str, Capture] = {}
        self.refunds: dict[str, Refund] = {}
        self.disputes: dict[str, Dispute] = {}
        self.events: dict[str, tuple[str, views.View]] = {}
        """What was told, with the account that it was told to, by its id."""
        self.batches: dict[str, Batch] = {}
        self.items: dict[str, Item] = {}
        self.transactions: list[Transaction] = []

    def order(self, account: str, id_: str) -> Order:
        """Raises PayPalError, as the others here: what another account has is not there."""
        return _own(self.orders, account, id_, lambda found: found.account)

    def authorization(self, account: str, id_: str) -> Authorization:
        return _own(self.authorizations, account, id_, lambda found: found.order.account)

    def capture(self, account: str, id_: str) -> Capture:
        return _own(self.captures, account, id_, lambda found: found.order.account)

    def refund(self, account: str, id_: str) -> Refund:
        return _own(self.refunds, account, id_, lambda found: found.capture.order.account)

    def dispute(self, account: str, id_: str) -> Dispute:
        return _own(self.disputes, account, id_, lambda found: found.capture.order.account)

    # --- as JSON ------------------------------------------------------------------------------

    def view_order(self, of: Order) -> views.View:
        return views.order(of, self.url, self._payee(of))

    def view_authorization(self, of: Authorization) -> views.View:
        return views.authorization(of, self.url, self._payee(of.order))

    def view_capture(self, of: Capture) -> views.View:
        return views.capture(of, self.url, self._payee(of.order))

    def view_refund(self, of: Refund) -> views.View:
        return views.refund(of, self.url)

    def _payee(self, order: Order) -> str:
        return views.merchant_id(self.context.credentials[order.account]["client_id"])

    # --- what was done ------------------------------------------------------------------------

    def done(
        self,
        operation: Operation,
        order: Order,
        id_: str,
        amount: int,
        *,
        key: str,
        code: str | None = None,
    ) -> None:
        """Into the journal."""
        self.context.journal.enter(
            Done(operation, id_, key, order.account, amount, order.currency, code)
        )

    def paid_out(self, item: Item, code: str | None = None) -> None:
        """Into the journal: the item's end."""
        account = item.batch.account
        self.context.journal.enter(
            Done("payout", item.id, item.reference, account, item.amount, item.currency, code)
        )

    # --- what is told -------------------------------------------------------------------------

    def tell_order(self, event: str, of: Order) -> None:
        view = self.view_order(of)
        self._tell(event, "checkout-order", "2.0", of.account, of.custom_id, view)

    def tell_authorization(self, event: str, of: Authorization, *, key: str) -> None:
        view = self.view_authorization(of)
        self._tell(event, "authorization", "2.0", of.order.account, key, view)

    def tell_capture(self, event: str, of: Capture) -> None:
        self._tell(event, "capture", "2.0", of.order.account, of.key, self.view_capture(of))

    def tell_refund(self, event: str, of: Refund) -> None:
        account = of.capture.order.account
        self._tell(event, "refund", "2.0", account, of.key, self.view_refund(of))

    def tell_dispute(self, event: str, of: Dispute) -> None:
        shown = dispute_views.dispute(of, self.url)
        order = of.capture.order
        self._tell(event, "dispute", "2.0", order.account, order.custom_id, shown)

    def tell_batch(self, event: str, of: Batch) -> None:
        view = payout_views.batch(of, self.url)
        self._tell(event, "payouts", "1.0", of.account, of.sender_batch_id, view)

    def tell_item(self, event: str, of: Item) -> None:
        view = payout_views.item(of, self.url)
        self._tell(event, "payouts_item", "1.0", of.batch.account, of.reference, view)

    def _tell(
        self, kind: str, of: str, version: str, account: str, key: str, resource: views.View
    ) -> None:
        id_ = f"WH-{new_id()}-{new_id()}"
        own = f"{self.url}/v1/notifications/webhooks-events/{id_}"
        event = {
            "id": id_,
            "event_version": "1.0",
            "create_time": views.when(time.time()),
            "resource_type": of,
            "resource_version": version,
            "event_type": kind,
            "summary": kind.replace(".", " ").capitalize(),
            "resource": resource,
            "links": [views.link(own, "self"), views.link(f"{own}/resend", "resend", "POST")],
        }
        self.events[id_] = (account, event)
        self.context.outbox.put(id_, kind, account, key, orjson.dumps(event))

    def sign(self, event: Event) -> dict[str, str]:
        """For the account's webhook."""
        webhook_id = self.context.credentials[event.account]["webhook_id"]
        return self.seal.headers(webhook_id, event.body)


def _own(kept: dict[str, Kept], account: str, id_: str, owner: Callable[[Kept], str]) -> Kept:
    found = kept.get(id_)
    if found is None or owner(found) != account:
        raise errors.not_found()
    return found
