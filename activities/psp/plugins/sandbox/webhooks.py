"""Hears the sandbox PSP, in whichever form it signs: verified over the raw bytes, then read."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from activities.psp.signatures import PlainSignature, StandardWebhooks
from workflows.domain.events import PspEvent
from workflows.domain.late_events import is_step
from workflows.domain.money import MoneyError
from workflows.domain.psp import Approved, Declined, Operation

from .messages import OPERATIONS, EventHead, EventMessage, OperationMessage
from .settings import WebhookKeys

Model = TypeVar("Model", bound=BaseModel)


class Ear:
    """Signed by Standard Webhooks, HMAC or Ed25519, or in the plain form: so each is tried."""

    def __init__(self, keys: WebhookKeys) -> None:
        """Any of the keys may have signed: two of a kind while one is being rotated."""
        self._standard = StandardWebhooks(secrets=keys.secrets, public_keys=keys.public_keys)
        self._plain = PlainSignature(keys.secrets)

    def hear(self, request: WebhookRequest) -> Delivery:
        """The id in the header must be that in the body: else 422 `contradictory`. Raises
        WebhookRefused."""
        event_id = self._verified(request)
        head = _read(EventHead, request.body)
        kind = head.type.partition(".")[0]
        if kind not in OPERATIONS:
            return Delivery(unknown=(head.type,))
        message = _read(EventMessage, request.body)
        operation = message.data
        if event_id not in (None, message.id) or operation.operation != kind:
            raise WebhookRefused("contradictory", status=422)
        try:
            amount, reply = operation.money, operation.reply()
        except MoneyError:
            raise WebhookRefused("malformed", status=422) from None
        event = PspEvent(
            psp="sandbox",
            event_id=message.id,
            key=operation.reference,
            operation=OPERATIONS[kind],
            reply=reply,
            amount=amount,
            occurred_at=message.created_at,
            raw_type=message.type,
            account=operation.merchant_account,
        )
        return _of_others(event, operation) if operation.unasked else Delivery((event,))

    def _verified(self, request: WebhookRequest) -> str | None:
        """The event's id where the signature covers one: the plain form leaves it to the body."""
        if PlainSignature.signs(request) and not StandardWebhooks.signs(request):
            self._plain.verified(request)
            return None
        return self._standard.verified(request)


def _of_others(event: PspEvent, operation: OperationMessage) -> Delivery:
    """What no call of ours did: known by our reference of the authorization, else by ids alone.
    What is not decided yet is no fact, and of what came to nothing only a refund had been one."""
    failed = isinstance(event.reply, Declined) and event.operation is Operation.REFUND
    if not isinstance(event.reply, Approved) and not failed:
        return Delivery(ignored=(event.raw_type,))
    reference = operation.payment_reference or ""
    key = reference if is_step(reference, Operation.AUTHORIZE) else ""
    return Delivery((replace(event, key=key, unasked=True, about=operation.about),))


def _read(model: type[Model], body: bytes) -> Model:
    try:
        return model.model_validate(orjson.loads(body))
    except (orjson.JSONDecodeError, ValidationError):
        raise WebhookRefused("malformed", status=422) from None
