"""The books of the lookalike: what it keeps, and how each effect is journalled and told."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import orjson

from infra.lookalikes.ground import Ground
from infra.lookalikes.journal import Done, Operation
from infra.lookalikes.outbox import Event
from infra.lookalikes.paypal import errors, payout_views, views
from infra.lookalikes.paypal.batches import Batch, Item
from infra.lookalikes.paypal.signing import Seal
from infra.lookalikes.paypal.things import (
    Authorization,
    Capture,
    Order,
    Refund,
    Transaction,
    new_id,
)
from infra.lookalikes.paypal.tokens import Tokens

Kept = TypeVar("Kept")


class Books:
    def __init__(self, ground: Ground) -> None:
        self.ground, self.url = ground, ground.url
        self.tokens, self.seal = Tokens(ground.credentials), Seal(ground.url)
        self.orders: dict[str, Order] = {}
        self.authorizations: dict[str, Authorization] = {}
        self.captures: dict[str, Capture] = {}
        self.refunds: dict[str, Refund] = {}
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
        return views.merchant_id(self.ground.credentials[order.account]["client_id"])

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
        self.ground.journal.enter(
            Done(operation, id_, key, order.account, amount, order.currency, code)
        )

    def paid_out(self, item: Item, code: str | None = None) -> None:
        """Into the journal: the item's end."""
        account = item.batch.account
        self.ground.journal.enter(
            Done("payout", item.id, item.reference, account, item.amount, item.currency, code)
        )

    # --- what is told -------------------------------------------------------------------------

    def tell_order(self, event: str, of: Order) -> None:
        told = self.view_order(of)
        self._tell(event, "checkout-order", "2.0", of.account, of.custom_id, told)

    def tell_authorization(self, event: str, of: Authorization, *, key: str) -> None:
        told = self.view_authorization(of)
        self._tell(event, "authorization", "2.0", of.order.account, key, told)

    def tell_capture(self, event: str, of: Capture) -> None:
        self._tell(event, "capture", "2.0", of.order.account, of.key, self.view_capture(of))

    def tell_refund(self, event: str, of: Refund) -> None:
        account = of.capture.order.account
        self._tell(event, "refund", "2.0", account, of.key, self.view_refund(of))

    def tell_batch(self, event: str, of: Batch) -> None:
        told = payout_views.batch(of, self.url)
        self._tell(event, "payouts", "1.0", of.account, of.sender_batch_id, told)

    def tell_item(self, event: str, of: Item) -> None:
        told = payout_views.item(of, self.url)
        self._tell(event, "payouts_item", "1.0", of.batch.account, of.reference, told)

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
        self.ground.outbox.put(id_, kind, account, key, orjson.dumps(event))

    def sign(self, event: Event) -> dict[str, str]:
        """For the account's webhook."""
        webhook_id = self.ground.credentials[event.account]["webhook_id"]
        return self.seal.headers(webhook_id, event.body)


def _own(kept: dict[str, Kept], account: str, id_: str, owner: Callable[[Kept], str]) -> Kept:
    found = kept.get(id_)
    if found is None or owner(found) != account:
        raise errors.not_found()
    return found
