"""Webhooks, verified for the merchant who asks, and the certificate for who checks alone."""

from __future__ import annotations

import json
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from infra.lookalikes.paypal import errors
from infra.lookalikes.paypal.books import Books
from infra.lookalikes.paypal.desk import Call, Endpoint, Reply
from infra.lookalikes.paypal.signing import Transmission

_MEMBER = '"webhook_event"'
_TEXTS = (
    "auth_algo",
    "cert_url",
    "transmission_id",
    "transmission_sig",
    "transmission_time",
    "webhook_id",
)


def verify(books: Books, call: Call) -> Reply:
    """The event must be in the request as it was delivered, byte for byte. Raises PayPalError."""
    told = call.body
    wrong = [name for name in _TEXTS if not isinstance(told.get(name), str)]
    wrong += [] if isinstance(told.get("webhook_event"), dict) else ["webhook_event"]
    if wrong:
        details = [
            {"field": name, "location": "body", "issue": "Required field is missing"}
            for name in wrong
        ]
        text = "Invalid request - see details"
        raise errors.v1(400, "VALIDATION_ERROR", text, details=details, api="webhooks")
    webhook_id = books.ground.credentials[call.account]["webhook_id"]
    transmission = Transmission(
        id=told["transmission_id"],
        time=told["transmission_time"],
        signature=told["transmission_sig"],
        cert_url=told["cert_url"],
        algorithm=told["auth_algo"],
    )
    holds = told["webhook_id"] == webhook_id and any(
        books.seal.holds(transmission, webhook_id, each) for each in _as_sent(call.raw)
    )
    return Reply(200, lambda: {"verification_status": "SUCCESS" if holds else "FAILURE"})


def certificate(books: Books) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        if request.path_params["id"] != books.seal.cert_id:
            return errors.answer(404)
        return Response(books.seal.certificate, media_type="application/x-pem-file")

    return endpoint


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
