"""Confirming a payment intent: the card is asked, perhaps the player too."""

from __future__ import annotations

import uuid
from typing import Any

from infra.local.psps.stripe import cards, views
from infra.local.psps.stripe.cards import CARDS, Card, Decline
from infra.local.psps.stripe.errors import StripeError
from infra.local.psps.stripe.models import Charge, Intent, ThreeDS
from infra.local.psps.stripe.store import Store

_FAILED = "payment_intent_authentication_failure"


def confirm(store: Store, intent: Intent, *, present: bool, asks_3ds: bool) -> None:
    """`present`: the player can be asked; `asks_3ds`: the merchant wants 3-D Secure anyway.

    Raises StripeError (402) for a decline.
    """
    card = CARDS[intent.payment_method or ""]
    intent.last_error = None
    if card.challenge and present:
        intent.status = "requires_action"
        store.tell_intent("requires_action", intent, key=intent.key)
        return
    if card.challenge:
        raise _declined(store, intent, card, cards.AUTHENTICATION_REQUIRED)
    attempted = _three_ds(card, authenticated=False) if asks_3ds else None
    decide(store, intent, attempted)


def decide(store: Store, intent: Intent, three_ds: ThreeDS | None) -> None:
    """Ask the issuer. Raises StripeError (402) for a decline."""
    card = CARDS[intent.payment_method or ""]
    verdict = card.verdict(intent.account)
    if verdict is not None:
        raise _declined(store, intent, card, verdict, three_ds)
    charge = Charge(
        intent.amount, intent.currency, intent.payment_method or "", card, None, three_ds
    )
    intent.charge, intent.status = charge, "requires_capture"
    store.done("authorization", intent, intent.id, intent.amount, key=intent.key)
    if intent.capture_method != "manual":
        # A charge that is captured at once succeeds as a captured one.
        charge.captured = intent.amount
    store.tell_charge("succeeded", charge, intent, key=intent.key)
    if intent.capture_method == "manual":
        store.tell_intent("amount_capturable_updated", intent, key=intent.key)
    else:
        take(store, intent, charge, intent.amount, key=intent.key)


def take(store: Store, intent: Intent, charge: Charge, amount: int, *, key: str) -> None:
    """Capture; what is left of the authorization is released by that."""
    charge.captured, intent.status = amount, "succeeded"
    charge.balance_transaction = store.booked(intent, "charge", charge.id, amount)
    store.done("capture", intent, charge.id, amount, key=key)
    if amount < charge.amount:
        store.done("void", intent, intent.id, charge.amount - amount, key=key)
    if intent.capture_method == "manual":
        store.tell_charge("captured", charge, intent, key=key)
    store.tell_intent("succeeded", intent, key=key)


def authenticated(store: Store, intent: Intent) -> None:
    """The player passed the challenge; the issuer may still decline, which the intent says."""
    card = CARDS[intent.payment_method or ""]
    try:
        decide(store, intent, _three_ds(card, authenticated=True))
    except StripeError:
        return


def not_authenticated(store: Store, intent: Intent) -> None:
    """The player failed, or gave up: no charge is made."""
    message = (
        "The provided PaymentMethod has failed authentication. You can provide payment_method_data "
        "or a new PaymentMethod to attempt to fulfill this PaymentIntent again."
    )
    card = CARDS[intent.payment_method or ""]
    error = {"type": "invalid_request_error", "code": _FAILED, "message": message}
    _fail(store, intent, card, error, _FAILED)


def _three_ds(card: Card, *, authenticated: bool) -> ThreeDS:
    eci = cards.eci(card.network, authenticated=authenticated)
    made = str(uuid.uuid4())
    if authenticated:
        return ThreeDS("challenge", "authenticated", eci, made)
    return ThreeDS("frictionless", "attempt_acknowledged", eci, made)


def _declined(
    store: Store, intent: Intent, card: Card, no: Decline, three_ds: ThreeDS | None = None
) -> StripeError:
    charge = Charge(intent.amount, intent.currency, intent.payment_method or "", card, no, three_ds)
    intent.charge = charge
    fields = {
        "type": "card_error",
        "code": no.code,
        "decline_code": no.decline_code,
        "advice_code": no.advice,
        "network_decline_code": no.network_code,
        "network_advice_code": no.network_advice,
        "message": cards.MESSAGES[no.code],
        "charge": charge.id,
    }
    error = {name: value for name, value in fields.items() if value is not None}
    store.tell_charge("failed", charge, intent, key=intent.key)
    _fail(store, intent, card, error, no.decline_code)
    return StripeError(
        402, {**(intent.last_error or {}), "payment_intent": store.view(intent)}, kept=True
    )


def _fail(store: Store, intent: Intent, card: Card, error: dict[str, Any], code: str) -> None:
    method = intent.payment_method or ""
    intent.last_error = {
        **error,
        "payment_method": views.payment_method(method, card, intent.created),
    }
    # The method is used up: another confirmation brings its own.
    intent.payment_method, intent.status = None, "requires_payment_method"
    store.done("authorization", intent, intent.id, intent.amount, key=intent.key, code=code)
    store.tell_intent("payment_failed", intent, key=intent.key)
