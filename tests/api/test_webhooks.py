"""The PSPs' door: verified over the raw bytes, stored, and only then acknowledged."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from standardwebhooks import Webhook

from activities.psp.catalog import Catalog, found
from api.app import create_app
from infra.settings import Settings
from tests.api.callers import slug
from tests.api.conftest import speaking_to

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok").decode()
DOOR = "/webhooks/sandbox"


@pytest.fixture(scope="module")
async def door(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in (
            ("URL", "http://127.0.0.1:1"),
            ("KEY_PRIMARY", "sk_primary"),
            ("KEY_SECONDARY", "sk_secondary"),
            ("WEBHOOK_SECRET", SECRET),
        ):
            environment.setenv(f"PAYSAGA_SANDBOX_PSP_{name}", value)
        made = create_app(settings, Catalog({"sandbox": found()["sandbox"]}))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(made.router.lifespan_context(made))
        yield await stack.enter_async_context(speaking_to(made))


def told(**changes: Any) -> dict[str, Any]:
    event_id = f"evt_{uuid.uuid4().hex}"
    data = {
        "id": "auth_1",
        "operation": "authorization",
        "status": "approved",
        "reference": f"in_{uuid.uuid4().hex}:authorize:1",
        "merchant_account": "primary",
        "amount": 5000,
        "currency": "EUR",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }
    return {
        "id": event_id,
        "type": "authorization.approved",
        "created_at": "2026-01-01T00:00:00Z",
        "data": data,
    } | changes


def signed(body: bytes, event_id: str, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    at = datetime.now(tz=UTC) - timedelta(seconds=age)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, at, body.decode()),
        "content-type": "application/json",
    }


async def sent(door: httpx.AsyncClient, event: dict[str, Any], to: str = DOOR) -> httpx.Response:
    body = json.dumps(event).encode()
    return await door.post(to, content=body, headers=signed(body, event["id"]))


async def stored(pool: asyncpg.Pool, event: dict[str, Any]) -> int:
    count: int = await pool.fetchval(
        "SELECT count(*) FROM inbox_events WHERE event_id = $1", event["id"]
    )
    return count


@pytest.mark.parametrize("to", [DOOR, "/payments/callback", "/payments/callback?psp=sandbox"])
async def test_a_signed_webhook_is_stored_once_and_acknowledged_every_time(
    door: httpx.AsyncClient, pool: asyncpg.Pool, to: str
) -> None:
    event = told()
    for _ in range(3):
        answer = await sent(door, event, to)
        assert (answer.status_code, answer.json()) == (200, {"received": 1})
    assert await stored(pool, event) == 1


async def test_it_is_stored_as_a_fact_in_our_own_words(
    door: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    event = told()
    await sent(door, event)
    kept = await pool.fetchval("SELECT event FROM inbox_events WHERE event_id = $1", event["id"])
    assert kept["key"] == event["data"]["reference"]
    assert kept["amount"] == {"minor_units": 5000, "currency": "EUR"}
    assert (kept["operation"], kept["reply"]["kind"]) == ("authorize", "approved")


async def test_a_forged_or_altered_webhook_is_refused_and_not_stored(
    door: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    event = told()
    body = json.dumps(event).encode()
    other = "whsec_" + base64.b64encode(b"some other secret, also long eno").decode()
    good = signed(body, event["id"])
    cases = [
        (body, signed(body, event["id"], secret=other)),
        (body.replace(b"5000", b"9000"), good),
        (json.dumps(event, indent=1).encode(), good),
        (body, good | {"webhook-signature": good["webhook-signature"][:-4]}),
        (body, good | {"webhook-signature": ""}),
        (body, good | {"webhook-id": "evt_other"}),
        (body, {"content-type": "application/json"}),
    ]
    for altered, headers in cases:
        refused = await door.post(DOOR, content=altered, headers=headers)
        assert (refused.status_code, slug(refused)) == (401, "webhook-refused")
    assert await stored(pool, event) == 0


@pytest.mark.parametrize("age", [-400, 400])
async def test_a_webhook_from_another_time_is_refused(
    door: httpx.AsyncClient, pool: asyncpg.Pool, age: int
) -> None:
    event = told()
    body = json.dumps(event).encode()
    refused = await door.post(DOOR, content=body, headers=signed(body, event["id"], age=age))
    assert (refused.status_code, slug(refused)) == (401, "webhook-refused")
    assert await stored(pool, event) == 0


async def test_an_event_that_means_nothing_to_us_is_acknowledged(
    door: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    event = told(type="report.ready", data={"report": 7})
    answer = await sent(door, event)
    assert (answer.status_code, answer.json()) == (200, {"received": 0})


async def test_a_signed_webhook_that_cannot_be_read_is_refused(door: httpx.AsyncClient) -> None:
    for unreadable in (told(data={}), told(type=7)):
        refused = await sent(door, unreadable)
        assert (refused.status_code, slug(refused)) == (422, "webhook-refused")


async def test_a_large_webhook_is_refused_before_it_is_read(door: httpx.AsyncClient) -> None:
    refused = await door.post(DOOR, content=b"x" * 70_000)
    assert (refused.status_code, slug(refused)) == (413, "body-too-large")


async def test_a_psp_that_we_do_not_speak_to_has_no_door(door: httpx.AsyncClient) -> None:
    missing = await door.post("/webhooks/nobody", content=b"{}")
    assert (missing.status_code, slug(missing)) == (404, "not-found")
