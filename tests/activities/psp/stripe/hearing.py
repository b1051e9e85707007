"""Webhooks as Stripe sends them: made, signed and heard."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from activities.psp.contract import Delivery, WebhookRequest
from activities.psp.plugins.stripe.settings import StripeAccount, StripeSettings
from activities.psp.plugins.stripe.webhooks import Ear
from tests.activities.psp.stripe.exchanges import pi

NOW = 1_800_000_000
PRIMARY, PREVIOUS, SECONDARY, STRANGER = "whsec_1", "whsec_0", "whsec_2", "whsec_x"
EAR = Ear(
    StripeSettings(
        accounts={
            "primary": StripeAccount.model_validate(
                {
                    "url": "https://api.stripe.com",
                    "secret_key": "sk_1",
                    "webhook_secret": PRIMARY,
                    "webhook_secret_previous": PREVIOUS,
                }
            ),
            "secondary": StripeAccount.model_validate(
                {
                    "url": "https://api.stripe.com",
                    "secret_key": "sk_2",
                    "webhook_secret": SECONDARY,
                }
            ),
        }
    )
)


def event(kind: str, thing: dict[str, Any], key: str | None = None) -> bytes:
    request = {"id": "req_1" if key else None, "idempotency_key": key}
    event = {"id": "evt_1", "object": "event", "type": kind, "created": NOW, "request": request}
    return json.dumps({**event, "data": {"object": thing}}).encode()


BODY = event("payment_intent.succeeded", pi(status="succeeded", amount_received=5000))


def made(secret: str, body: bytes, at: int) -> str:
    return hmac.digest(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hex()


def signed(*secrets: str, body: bytes = BODY, at: int = NOW, before: str = "") -> str:
    return f"t={at}," + before + ",".join(f"v1={made(each, body, at)}" for each in secrets)


def hear(header: str, body: bytes = BODY, received_at: float = NOW) -> Delivery:
    return EAR.hear(WebhookRequest({"stripe-signature": header}, body, received_at))


def delivery_of(kind: str, thing: dict[str, Any], key: str | None = None) -> Delivery:
    body = event(kind, thing, key)
    return hear(signed(PRIMARY, body=body), body)


def one(delivery: Delivery) -> Any:
    (heard,) = delivery.events
    return heard


CHARGE: dict[str, Any] = {
    "id": "ch_1",
    "object": "charge",
    "amount": 5000,
    "currency": "eur",
    "captured": False,
    "payment_intent": "pi_1",
    "metadata": {"paysaga_key": "in_1:authorize:1"},
}
