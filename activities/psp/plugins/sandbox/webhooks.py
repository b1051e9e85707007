"""Hears the sandbox PSP: Standard Webhooks, verified over the raw bytes before they are read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from activities.psp.contract import WebhookRefused, WebhookRequest
from workflows.domain.money import MoneyError
from workflows.domain.psp import PspEvent

from .messages import OPERATIONS, EventHead, EventMessage

WINDOW_SECONDS = 300
"""On both sides of our clock: a webhook from the future is as wrong as one from the past."""

SIGNATURES_AT_MOST = 10

_ID = re.compile(r"[A-Za-z0-9_\-]{1,128}", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)

Model = TypeVar("Model", bound=BaseModel)


class Ear:
    def __init__(self, keys: Sequence[bytes]) -> None:
        """Any of the keys may have signed: two while the secret is being rotated."""
        self._keys = tuple(keys)

    def hear(self, request: WebhookRequest) -> Sequence[PspEvent]:
        event_id = self._verified(request)
        head = _read(EventHead, request.body)
        kind = head.type.partition(".")[0]
        if kind not in OPERATIONS:
            return ()
        message = _read(EventMessage, request.body)
        data = message.data
        if message.id != event_id or data.operation != kind:
            raise WebhookRefused("contradictory", status=422)
        try:
            amount, reply = data.money, data.reply()
        except MoneyError:
            raise WebhookRefused("malformed", status=422) from None
        return (
            PspEvent(
                psp="sandbox",
                event_id=event_id,
                key=data.reference,
                operation=OPERATIONS[kind],
                reply=reply,
                amount=amount,
                occurred_at=message.created_at,
                raw_type=message.type,
            ),
        )

    def _verified(self, request: WebhookRequest) -> str:
        """The event's id, once its sender and age are certain. Raises WebhookRefused."""
        event_id = request.headers.get("webhook-id", "")
        timestamp = request.headers.get("webhook-timestamp", "")
        given = request.headers.get("webhook-signature", "")
        if not (event_id and timestamp and given):
            raise WebhookRefused("missing_header")
        # A dot in an id would let one text be signed as two.
        if not _ID.fullmatch(event_id):
            raise WebhookRefused("malformed_id")
        if not _TIMESTAMP.fullmatch(timestamp):
            raise WebhookRefused("malformed_timestamp")
        if not self._signed(f"{event_id}.{timestamp}.".encode() + request.body, given):
            raise WebhookRefused("signature")
        if abs(request.received_at - int(timestamp)) > WINDOW_SECONDS:
            raise WebhookRefused("timestamp_window")
        return event_id

    def _signed(self, content: bytes, given: str) -> bool:
        right = [_signature(key, content) for key in self._keys]
        # As text, not decoded: several base64 texts are the same bytes. Every pair is compared,
        # so that the time taken tells nothing.
        signatures = given.encode().split(b" ")[:SIGNATURES_AT_MOST]
        matches = [hmac.compare_digest(mine, theirs) for mine in right for theirs in signatures]
        return any(matches)


def _signature(key: bytes, content: bytes) -> bytes:
    return b"v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256))


def _read(model: type[Model], body: bytes) -> Model:
    try:
        return model.model_validate(orjson.loads(body))
    except (orjson.JSONDecodeError, ValidationError):
        raise WebhookRefused("malformed", status=422) from None
