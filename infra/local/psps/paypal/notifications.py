"""Webhooks, verified and shown for the merchant who asks, and the certificate for who checks."""

from __future__ import annotations

import json
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from infra.local.psps.base.orders import Handler
from infra.local.psps.paypal import errors
from infra.local.psps.paypal.endpoint import Call, Reply
from infra.local.psps.paypal.signing import Transmission
from infra.local.psps.paypal.store import Store

_MEMBER = '"webhook_event"'
_TEXTS = (
    "auth_algo",
    "cert_url",
    "transmission_id",
    "transmission_sig",
    "transmission_time",
    "webhook_id",
)


def verify(store: Store, call: Call) -> Reply:
    """The event must be in the request as it was delivered, byte for byte. Raises PayPalError."""
    body = call.body
    wrong = [name for name in _TEXTS if not isinstance(body.get(name), str)]
    wrong += [] if isinstance(body.get("webhook_event"), dict) else ["webhook_event"]
    if wrong:
        details = [
            {"field": name, "location": "body", "issue": "Required field is missing"}
            for name in wrong
        ]
        text = "Invalid request - see details"
        raise errors.v1(400, "VALIDATION_ERROR", text, details=details, api="webhooks")
    webhook_id = store.context.credentials[call.account]["webhook_id"]
    transmission = Transmission(
        id=body["transmission_id"],
        time=body["transmission_time"],
        signature=body["transmission_sig"],
        cert_url=body["cert_url"],
        algorithm=body["auth_algo"],
    )
    holds = body["webhook_id"] == webhook_id and any(
        store.seal.holds(transmission, webhook_id, each) for each in _as_sent(call.raw)
    )
    return Reply(200, lambda: {"verification_status": "SUCCESS" if holds else "FAILURE"})


def retrieve(store: Store, call: Call) -> Reply:
    """An event as it was told. Raises PayPalError."""
    account, event = store.events.get(call.id, ("", {}))
    if account != call.account:
        text = "Requested resource ID was not found."
        raise errors.v1(404, "INVALID_RESOURCE_ID", text, api="webhooks")
    return Reply(200, lambda: event)


def certificate(store: Store) -> Handler:
    async def handle(request: Request) -> Response:
        if request.path_params["id"] != store.seal.cert_id:
            return errors.answer(404)
        return Response(store.seal.certificate, media_type="application/x-pem-file")

    return handle


def _as_sent(raw: bytes) -> Iterator[bytes]:
    """The bytes of whatever is called webhook_event in the request."""
    text, at = raw.decode(), 0
    decoder = json.JSONDecoder()
    while (at := text.find(_MEMBER, at)) >= 0:
        at += len(_MEMBER)
        begin = len(text) - len(text[at:].lstrip(" \t\r\n").removeprefix(":").lstrip(" \t\r\n"))
        try:
            _, end = decoder.raw_decode(text, begin)
        except ValueError:
            continue
        yield text[begin:end].encode()
