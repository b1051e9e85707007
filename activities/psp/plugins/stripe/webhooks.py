"""Hears Stripe: verified over the raw bytes, then read, then told in our words.

An event is ours when the object's metadata has a key of ours; every other one is passed over.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from activities.psp.signatures import StampedSignature
from activities.psp.wire import InDoubt
from workflows.domain.late_events import is_step, void_key_of
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Fact, Operation, PspEvent, key_of, payment_of

from . import intents
from .amounts import told
from .event_types import CHARGES, IGNORED, REFUNDS, TRANSLATED
from .messages import KEY, Charge, Event, EventHead, Intent, Refund
from .settings import StripeSettings

Model = TypeVar("Model", bound=BaseModel)
Told = tuple[str, Operation, Fact, Money]
"""The key, what it is the key of, what became of it, and how much it is about."""


class Ear:
    def __init__(self, settings: StripeSettings) -> None:
        secrets = [
            (name, secret)
            for name, account in settings.accounts.items()
            for secret in account.webhook_secrets
        ]
        # Their v0 is for tests of Stripe's own, and never believed.
        self._signature = StampedSignature(secrets, header="stripe-signature")

    def hear(self, request: WebhookRequest) -> Delivery:
        """Raises WebhookRefused."""
        account = self._signature.sender_of(request)
        body = _json(request.body)
        kind = _read(EventHead, body).type
        if kind not in TRANSLATED:
            return Delivery(ignored=(kind,)) if kind in IGNORED else Delivery(unknown=(kind,))
        event = _read(Event, body)
        try:
            found = _translated(event)
        except InDoubt:
            raise WebhookRefused("malformed", status=422) from None
        if found is None:
            return Delivery(ignored=(kind,))
        key, operation, reply, amount = found
        return Delivery(
            (
                PspEvent(
                    psp="stripe",
                    event_id=event.id,
                    key=key,
                    operation=operation,
                    reply=reply,
                    amount=amount,
                    occurred_at=datetime.fromtimestamp(event.created, UTC).isoformat(),
                    raw_type=kind,
                    account=account,
                ),
            )
        )


def _translated(event: Event) -> Told | None:
    """None for what is about nothing of ours. Raises InDoubt, WebhookRefused."""
    thing = event.data.object
    metadata = thing.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(key := metadata.get(KEY), str):
        return None
    refunds = event.type in REFUNDS
    if not is_step(key, Operation.REFUND if refunds else Operation.AUTHORIZE):
        return None
    if refunds:
        return _of_refund(_read(Refund, thing), key)
    if event.type in CHARGES:
        return _of_charge(_read(Charge, thing), key)
    return _of_intent(event, _read(Intent, thing), key)


def _of_refund(refund: Refund, key: str) -> Told:
    return key, Operation.REFUND, intents.refunded(refund), told(refund.amount, refund.currency)


def _of_charge(charge: Charge, key: str) -> Told | None:
    """Its metadata is that of the payment intent when it was made."""
    if charge.captured or charge.payment_intent is None:
        return None
    held = intents.held(charge, charge.payment_intent)
    return key, Operation.AUTHORIZE, held, held.amount


def _of_intent(event: Event, intent: Intent, key: str) -> Told | None:
    asked = _asked_by(event, key)
    voids, captures = is_step(asked, Operation.VOID), is_step(asked, Operation.CAPTURE)
    match event.type.removeprefix("payment_intent."):
        case "succeeded":
            step = asked if captures else key_of(payment_of(key), Operation.CAPTURE)
            return _told(step, Operation.CAPTURE, intents.captured(intent), intent)
        case "canceled" if voids or _had_a_hold(intent):
            step = asked if voids else void_key_of(key)
            return _told(step, Operation.VOID, intents.voided(intent), intent)
        case "processing" if captures:
            return _told(asked, Operation.CAPTURE, intents.captured(intent), intent)
        case "payment_failed" if intent.status != "requires_payment_method":
            # Of a capture that failed the answer tells; the hold stands.
            return None
        case _:
            return _told(key, Operation.AUTHORIZE, intents.authorized(intent), intent)


def _told(key: str, operation: Operation, reply: Fact, intent: Intent) -> Told:
    whole = told(intent.amount, intent.currency)
    return key, operation, reply, reply.amount if isinstance(reply, Approved) else whole


def _asked_by(event: Event, key: str) -> str:
    """Our key of the call that caused the event, where it is about the same payment."""
    asked = (event.request and event.request.idempotency_key) or ""
    return asked if payment_of(asked) == payment_of(key) else ""


def _had_a_hold(intent: Intent) -> bool:
    """Whether the authorization had its yes before; else it is what was ended."""
    return intent.latest_charge is not None and intent.last_payment_error is None


def _json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise WebhookRefused("malformed", status=422) from None


def _read(model: type[Model], value: object) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError:
        raise WebhookRefused("malformed", status=422) from None
