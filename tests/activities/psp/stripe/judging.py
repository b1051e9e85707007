"""Stripe's own description as the judge of one exchange; it takes everything where it is absent."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import orjson

from activities.psp.certification import Canned, Heard
from tests.activities.psp.descriptions import (
    Description,
    Request,
    check_request,
    check_response,
    description,
)
from tests.activities.psp.descriptions.loading import folder

YOUNGER = (b'"advice_code"', b'"network_decline_code"', b'"network_advice_code"')
"""Members of an error that came after the description."""
NOT_YET = (b"under_review", b"next_year")
"""What Stripe does not say today, and no description has."""


def of_stripe() -> Description | None:
    return description("stripe/openapi.json") if folder().is_dir() else None


def request_of(heard: Heard) -> Request:
    parts = urlsplit(heard.path)
    return Request(heard.method, parts.path, parts.query, heard.headers, heard.body)


def judge(heard: Heard, said: Canned) -> None:
    """Raises AssertionError where either is not as described."""
    judge_request(heard)
    if not any(word in said.body for word in NOT_YET):
        judge_reply(heard, said)


def judge_request(heard: Heard) -> None:
    if (at := of_stripe()) is not None:
        check_request(at, *request_of(heard))


def judge_reply(heard: Heard, said: Canned) -> None:
    if (at := of_stripe()) is None:
        return
    method, path, *_ = request_of(heard)
    known = not any(name in said.body for name in YOUNGER)
    body = plain(said.body)
    check_response(at, method, path, said.status, said.headers, body, made_up=known)


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
