"""What was refused at the PSPs' door is told to operators of all brands, without what it said."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from activities.access.credential import Role
from tests.api.callers import Caller, slug
from tests.api.conftest import Issue
from tests.api.test_webhooks import DOOR, an_event, door, plainly_signed, sent, signed

__all__ = ["door"]
EVENTS = "/v1/security/events"


@pytest.fixture
async def desk(issue: Issue) -> AsyncIterator[Caller]:
    yield await issue(Role.OPERATOR, brands=("*",))


async def latest(desk: Caller, rule: str) -> dict[str, Any]:
    listed = (await desk.get(f"{EVENTS}?psp=sandbox&rule={rule}&limit=1")).json()
    [event] = listed["items"]
    found: dict[str, Any] = event
    return found


async def test_a_forged_webhook_is_recorded_without_what_it_said(
    door: httpx.AsyncClient, desk: Caller
) -> None:
    event = an_event()
    body = json.dumps(event).encode()
    headers = signed(body + b" ", event["id"]) | {"X-Marker-4111111111111111": "hush-hush"}
    assert (await door.post(DOOR, content=body, headers=headers)).status_code == 401
    written = await latest(desk, "signature")
    assert (written["status"], written["occurrences"]) == (401, 1)
    assert written["body_bytes"] == len(body)
    assert written["body_sha256"] == hashlib.sha256(body).hexdigest()
    assert {"webhook-id", "webhook-signature", "content-type"} <= set(written["header_names"])
    for secret in ("hush-hush", "4111111111111111", event["id"], headers["webhook-signature"]):
        assert secret not in json.dumps(written)


async def test_every_kind_of_refusal_is_recorded(door: httpx.AsyncClient, desk: Caller) -> None:
    event = an_event()
    body = json.dumps(event).encode()
    right, plain = signed(body, event["id"]), plainly_signed(body)
    await door.post(DOOR, content=body, headers=plain)
    refusals: dict[str, tuple[bytes, dict[str, str]]] = {
        "missing_header": (body, {"content-type": "application/json"}),
        "timestamp_window": (body, signed(body, event["id"], age=400)),
        "unsupported-media-type": (body, right | {"content-type": "text/html"}),
        "body-too-large": (b"x" * 1_100_000, right),
        "nonce_used": (body, plain),
        "malformed": (b"no json", signed(b"no json", "evt_1")),
    }
    for rule, (sent_body, headers) in refusals.items():
        refused = await door.post(DOOR, content=sent_body, headers=headers)
        written = await latest(desk, rule)
        assert written["status"] == refused.status_code, rule
        read = rule not in ("unsupported-media-type", "body-too-large")
        assert written["body_bytes"] == (len(sent_body) if read else None)


async def test_what_is_heard_leaves_no_trace_there(door: httpx.AsyncClient, desk: Caller) -> None:
    before = (await desk.get(EVENTS)).json()
    assert (await sent(door, an_event())).status_code == 200
    assert (await desk.get(EVENTS)).json() == before


async def test_who_is_not_of_all_brands_or_not_of_the_desk_sees_nothing(
    issue: Issue, operator: Caller, app: FastAPI
) -> None:
    platform = await issue(Role.PLATFORM, brands=("*",))
    for caller in (operator, platform):
        refused = await caller.get(EVENTS)
        assert (refused.status_code, slug(refused)) == (403, "forbidden")
