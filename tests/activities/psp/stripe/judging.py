"""Stripe's own description as the judge of one exchange; it takes everything where it is absent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson
from stripe.params import PaymentIntentCreateParams
from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionListParams,
    SessionRetrieveParams,
)

from activities.psp.certification import Canned, Heard
from tests.activities.psp.descriptions import (
    Description,
    Request,
    check_request,
    check_response,
    description,
)
from tests.activities.psp.descriptions.loading import folder
from tests.activities.psp.stripe.typed import objections

YOUNGER = (b'"advice_code"', b'"network_decline_code"', b'"network_advice_code"')
"""Members of an error that came after the description."""
NOT_YET = (b"under_review", b"next_year", b'"expired"')
"""What Stripe does not say today, or did not when it was described."""


UNDESCRIBED = "/v1/checkout/"
"""Calls that are not in the description: `typed.py` judges what is asked of them."""
LATER = "payment_method_options[card][three_d_secure]"
"""Members of a form that came after the description; they are judged there too."""


def of_stripe() -> Description | None:
    return description("stripe/openapi.json") if folder().is_dir() else None


def request_of(heard: Heard) -> Request:
    parts = urlsplit(heard.path)
    return Request(heard.method, parts.path, parts.query, heard.headers, heard.body)


def judge(heard: Heard, reply: Canned) -> None:
    """Raises AssertionError where either is not as described."""
    if heard.path.startswith(UNDESCRIBED):
        judge_page(heard)
        return
    judge_request(heard)
    if not any(word in reply.body for word in NOT_YET):
        judge_reply(heard, reply)


def judge_request(heard: Heard) -> None:
    form = dict(parse_qsl(heard.body.decode()))
    late = {name: value for name, value in form.items() if name.startswith(LATER)}
    assert objections(late, PaymentIntentCreateParams) == []
    if late:
        kept = {name: value for name, value in form.items() if name not in late}
        heard = replace(heard, body=urlencode(kept).encode())
    if (at := of_stripe()) is not None:
        check_request(at, *request_of(heard))


def judge_page(heard: Heard) -> None:
    """Of a Checkout Session: made, expired, read or listed."""
    parts = urlsplit(heard.path)
    steps = parts.path.removeprefix("/v1/checkout/sessions").strip("/").split("/")
    asked = dict(parse_qsl(parts.query or heard.body.decode()))
    if heard.headers.get("stripe-version", "") < "2026-09-30":
        # The library is of a later version, in which this one has another name.
        assert not any(name.startswith("allowed_") for name in asked)
        asked = {_of_today(name): value for name, value in asked.items()}
    if heard.method == "POST":
        params = SessionExpireParams if steps[-1] == "expire" else SessionCreateParams
    else:
        params = SessionRetrieveParams if steps[0] else SessionListParams
    assert objections(asked, params) == [], heard.path


def _of_today(name: str) -> str:
    return f"allowed_{name}" if name.startswith("payment_method_types[") else name


def judge_reply(heard: Heard, reply: Canned) -> None:
    if (at := of_stripe()) is None:
        return
    method, path, *_ = request_of(heard)
    known = not any(name in reply.body for name in YOUNGER)
    body = plain(reply.body)
    check_response(at, method, path, reply.status, reply.headers, body, made_up=known)


def plain(body: bytes) -> bytes:
    """A reply with every expanded object as its id: the description knows it so alone."""
    return orjson.dumps(_collapsed(orjson.loads(body)))


def _collapsed(value: Any) -> Any:
    if isinstance(value, list):
        return [_collapsed(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _collapsed(each) for name, each in value.items()}
    for name in ("latest_charge", "source"):
        if isinstance(made.get(name), dict) and "id" in made[name]:
            made[name] = made[name]["id"]
    return made
