"""Hears the sandbox PSP, in whichever form it signs: verified over the raw bytes, then read."""

from __future__ import annotations

from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from activities.psp.signatures import PlainSignature, StandardWebhooks
from workflows.domain.money import MoneyError
from workflows.domain.psp import PspEvent

from .messages import OPERATIONS, EventHead, EventMessage
from .settings import WebhookKeys

Model = TypeVar("Model", bound=BaseModel)


class Ear:
    def __init__(self, keys: WebhookKeys) -> None:
        """Any of the keys may have signed: two of a kind while one is being rotated."""
        self._standard = StandardWebhooks(secrets=keys.secrets, public_keys=keys.public_keys)
        self._plain = PlainSignature(keys.secrets)

    def hear(self, request: WebhookRequest) -> Delivery:
        event_id = self._verified(request)
        head = _read(EventHead, request.body)
        kind = head.type.partition(".")[0]
        if kind not in OPERATIONS:
            return Delivery(unknown=(head.type,))
        message = _read(EventMessage, request.body)
        data = message.data
        if event_id not in (None, message.id) or data.operation != kind:
            raise WebhookRefused("contradictory", status=422)
        try:
            amount, reply = data.money, data.reply()
        except MoneyError:
            raise WebhookRefused("malformed", status=422) from None
        event = PspEvent(
            psp="sandbox",
            event_id=message.id,
            key=data.reference,
            operation=OPERATIONS[kind],
            reply=reply,
            amount=amount,
            occurred_at=message.created_at,
            raw_type=message.type,
            account=data.merchant_account,
        )
        return Delivery((event,))

    def _verified(self, request: WebhookRequest) -> str | None:
        """The event's id where the signature covers one: the plain form leaves it to the body."""
        if PlainSignature.signs(request) and not StandardWebhooks.signs(request):
            self._plain.verified(request)
            return None
        return self._standard.verified(request)


def _read(model: type[Model], body: bytes) -> Model:
    try:
        return model.model_validate(orjson.loads(body))
    except (orjson.JSONDecodeError, ValidationError):
        raise WebhookRefused("malformed", status=422) from None
