"""The store of the lookalike: what it keeps, and how each effect is journalled and told."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TypeVar

import orjson

from infra.local.psps.base.context import Context
from infra.local.psps.base.journal import Done, Operation
from infra.local.psps.base.outbox import Event
from infra.local.psps.stripe import amounts, views
from infra.local.psps.stripe.errors import missing
from infra.local.psps.stripe.models import (
    BalanceTransaction,
    Charge,
    Dispute,
    Intent,
    Refund,
    Session,
    new_id,
)

API_VERSION = "2025-09-30.clover"
Kept = TypeVar("Kept", Intent, Refund)


class Store:
    def __init__(self, context: Context) -> None:
        self.context = context
        self.intents: dict[str, Intent] = {}
        self.refunds: dict[str, Refund] = {}
        self.sessions: dict[str, Session] = {}
        self.disputes: dict[str, Dispute] = {}
        self.errors_to_keep: list[bool] = []
        """For the next requests with a key: a 500 is their answer, for good; executed or not."""
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
        return f"{self.context.url}/redirect/authenticate/{intent.id}/{intent.client_secret}"

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
        """Into the journal; `amount` in Stripe's units, `key` is the request's: what no request of
        the merchant's did stands under that which made the payment intent."""
        minor = amounts.iso_minor_units(amount, intent.currency)
        self.context.journal.enter(
            Done(operation, id_, key or intent.key, intent.account, minor, intent.currency, code)
        )

    def booked(self, intent: Intent, kind: str, source: str, amount: int) -> str:
        """A balance transaction; Stripe keeps a part of a charge."""
        fee = amount * 29 // 1000 if kind == "charge" else 0
        return self._book(intent, kind, source, amount, fee, kind).id

    def adjusted(
        self, intent: Intent, category: str, source: str, amount: int
    ) -> BalanceTransaction:
        """What a dispute takes, or gives back."""
        return self._book(intent, "adjustment", source, amount, 0, category)

    def _book(
        self, intent: Intent, kind: str, source: str, amount: int, fee: int, category: str
    ) -> BalanceTransaction:
        made = BalanceTransaction(
            intent.account, kind, source, amount, fee, intent.currency, category=category
        )
        self.transactions.append(made)
        return made

    def tell_intent(self, kind: str, intent: Intent, *, key: str) -> None:
        self._tell(f"payment_intent.{kind}", intent.account, key, self.view(intent))

    def tell_charge(self, kind: str, charge: Charge, intent: Intent, *, key: str) -> None:
        self._tell(f"charge.{kind}", intent.account, key, views.charge(charge, intent))

    def tell_refund(self, kind: str, refund: Refund) -> None:
        """`kind` in full: refund.created, charge.refund.updated, …"""
        self._tell(kind, refund.account, refund.key, views.refund(refund))

    def tell_session(self, kind: str, session: Session) -> None:
        view = self.session_view(session)
        self._tell(f"checkout.session.{kind}", session.account, session.key, view)

    def tell_dispute(self, kind: str, dispute: Dispute) -> None:
        self._tell(f"charge.dispute.{kind}", dispute.account, "", views.dispute(dispute))

    def tell_of(self, kind: str, account: str, thing: views.View) -> None:
        """What no call of the merchant's caused."""
        self._tell(kind, account, "", thing)

    def session_view(self, session: Session, *, expanded: bool = False) -> views.View:
        paid = session.intent
        shown: views.View | str | None = paid.id if paid else None
        if paid is not None and expanded:
            shown = self.view(paid, expanded=True)
        return views.session(session, f"{self.context.url}/c/pay/{session.id}", shown)

    def session(self, account: str, id_: str) -> Session:
        """Raises StripeError."""
        found = self.sessions.get(id_)
        if found is None or found.account != account:
            raise missing("checkout.session", id_, param="id")
        return found

    def page_of(self, intent: Intent) -> Session | None:
        """The session by which a payment intent was made."""
        return next((each for each in self.sessions.values() if each.intent is intent), None)

    def named(self, reference: str) -> Intent | None:
        """By its own id, or by the key of the request that made it."""
        for intent in self.intents.values():
            if reference in (intent.id, intent.key):
                return intent
        return None

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
        self.context.outbox.put(str(event["id"]), kind, account, key, orjson.dumps(event))

    def sign(self, event: Event) -> dict[str, str]:
        """With the secret of the account's endpoint."""
        at = int(time.time())
        secret = self.context.credentials[event.account]["webhook_secret"].encode()
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
