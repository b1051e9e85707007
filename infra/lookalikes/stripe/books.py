"""The books of the lookalike: what it keeps, and how each effect is journalled and told."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TypeVar

import orjson

from infra.lookalikes.ground import Ground
from infra.lookalikes.journal import Done, Operation
from infra.lookalikes.outbox import Event
from infra.lookalikes.stripe import amounts, views
from infra.lookalikes.stripe.errors import missing
from infra.lookalikes.stripe.things import BalanceTransaction, Charge, Intent, Refund, new_id

API_VERSION = "2025-09-30.clover"
Kept = TypeVar("Kept", Intent, Refund)


class Books:
    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.intents: dict[str, Intent] = {}
        self.refunds: dict[str, Refund] = {}
        self.transactions: list[BalanceTransaction] = []

    def intent(self, account: str, id_: str, *, status: int = 404) -> Intent:
        """Raises StripeError: what another account has is not there."""
        return _of(self.intents, account, id_, "payment_intent", status)

    def refund(self, account: str, id_: str) -> Refund:
        return _of(self.refunds, account, id_, "refund", 404)

    def charged(self, account: str, charge_id: str, *, status: int = 404) -> Intent:
        """The intent of a charge."""
        for intent in self.intents.values():
            if intent.account == account and intent.charge and intent.charge.id == charge_id:
                return intent
        raise missing("charge", charge_id, param="charge", status=status)

    def page_url(self, intent: Intent) -> str:
        return f"{self.ground.url}/redirect/authenticate/{intent.id}/{intent.client_secret}"

    def view(self, intent: Intent, *, expanded: bool = False) -> views.View:
        return views.intent(intent, self.page_url(intent), expanded=expanded)

    def done(
        self,
        operation: Operation,
        intent: Intent,
        id_: str,
        amount: int,
        *,
        key: str,
        code: str | None = None,
    ) -> None:
        """Into the journal; `amount` in Stripe's units, `key` is the request's."""
        minor = amounts.iso_minor_units(amount, intent.currency)
        self.ground.journal.enter(
            Done(operation, id_, key, intent.account, minor, intent.currency, code)
        )

    def booked(self, intent: Intent, kind: str, source: str, amount: int) -> str:
        """A balance transaction; Stripe keeps a part of a charge."""
        fee = amount * 29 // 1000 if kind == "charge" else 0
        made = BalanceTransaction(intent.account, kind, source, amount, fee, intent.currency)
        self.transactions.append(made)
        return made.id

    def tell_intent(self, kind: str, intent: Intent, *, key: str) -> None:
        self._tell(f"payment_intent.{kind}", intent.account, key, self.view(intent))

    def tell_charge(self, kind: str, charge: Charge, intent: Intent, *, key: str) -> None:
        self._tell(f"charge.{kind}", intent.account, key, views.charge(charge, intent))

    def tell_refund(self, kind: str, refund: Refund) -> None:
        """`kind` in full: refund.created, charge.refund.updated, …"""
        self._tell(kind, refund.account, refund.key, views.refund(refund))

    def _tell(self, kind: str, account: str, key: str, thing: views.View) -> None:
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": int(time.time()),
            "data": {"object": thing},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": new_id("req"), "idempotency_key": key or None},
            "type": kind,
        }
        self.ground.outbox.put(str(event["id"]), kind, account, key, orjson.dumps(event))

    def sign(self, event: Event) -> dict[str, str]:
        """With the secret of the account's endpoint."""
        at = int(time.time())
        secret = self.ground.credentials[event.account]["webhook_secret"].encode()
        made = hmac.digest(secret, f"{at}.".encode() + event.body, hashlib.sha256).hex()
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": f"t={at},v1={made}",
        }


def _of(kept: dict[str, Kept], account: str, id_: str, kind: str, status: int) -> Kept:
    found = kept.get(id_)
    if found is None or found.account != account:
        param = "intent" if kind == "payment_intent" else "id"
        raise missing(kind, id_, param=param, status=status)
    return found
