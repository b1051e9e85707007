"""The PSPs' door: verified over the raw bytes, stored, and only then acknowledged."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

from activities.psp.catalog import Catalog, found
from activities.settings import Settings
from api.app import create_app
from infra.settings import Inbox, Temporal
from tests.api.callers import slug
from tests.api.conftest import speaking_to

KEY = b"a secret of thirty-two bytes, ok"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"a seed of thirty-two bytes, yes!")
PUBLIC = "whpk_" + base64.b64encode(PRIVATE.public_key().public_bytes_raw()).decode()
DOOR = "/webhooks/sandbox"


@pytest.fixture(scope="module")
async def door(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Of an API whose Temporal is away; every refusal is a row of its own."""
    away = {"temporal": Temporal(address="127.0.0.1:1"), "inbox": Inbox(security_seconds=0)}
    with pytest.MonkeyPatch.context() as environment:
        for name, value in (
            ("URL", "http://127.0.0.1:1"),
            ("KEY_PRIMARY", "sk_primary"),
            ("KEY_SECONDARY", "sk_secondary"),
            ("WEBHOOK_SECRET", SECRET),
            ("WEBHOOK_PUBLIC_KEY", PUBLIC),
        ):
            environment.setenv(f"PAYSAGA_SANDBOX_PSP_{name}", value)
        made = create_app(
            settings.model_copy(update=away), Catalog({"sandbox": found()["sandbox"]})
        )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(made.router.lifespan_context(made))
        yield await stack.enter_async_context(speaking_to(made))


def an_event(**changes: Any) -> dict[str, Any]:
    event_id = f"evt_{uuid.uuid4().hex}"
    authorization = {
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
        "data": authorization,
    } | changes


def signed(body: bytes, event_id: str, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    at = datetime.now(tz=UTC) - timedelta(seconds=age)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, at, body.decode()),
        "content-type": "application/json",
    }


def signed_by_key(body: bytes, event_id: str) -> dict[str, str]:
    at = str(int(time.time()))
    signature = base64.b64encode(PRIVATE.sign(f"{event_id}.{at}.".encode() + body)).decode()
    named = {"webhook-id": event_id, "webhook-timestamp": at}
    return named | {"webhook-signature": f"v1a,{signature}", "content-type": "application/json"}


def plainly_signed(body: bytes, nonce: str | None = None) -> dict[str, str]:
    at, nonce = str(int(time.time())), nonce or uuid.uuid4().hex
    digest = hmac.new(KEY, f"{at}.{nonce}.".encode() + body, hashlib.sha256).hexdigest()
    named = {"X-Timestamp": at, "X-Nonce": nonce, "X-Signature": f"sha256={digest}"}
    return named | {"content-type": "application/json"}


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
    event = an_event()
    for _ in range(3):
        answer = await sent(door, event, to)
        assert (answer.status_code, answer.json()) == (200, {"received": 1})
    assert await stored(pool, event) == 1


async def test_the_acknowledgement_waits_for_the_commit(
    door: httpx.AsyncClient, pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    event = an_event()
    async with owner.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE inbox_events IN EXCLUSIVE MODE")
        sending = asyncio.create_task(sent(door, event))
        done, _ = await asyncio.wait({sending}, timeout=0.3)
        assert not done
    assert (await sending).status_code == 200
    assert await stored(pool, event) == 1


async def test_it_is_stored_as_a_fact_in_our_own_words(
    door: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    event = an_event()
    await sent(door, event)
    kept = await pool.fetchval("SELECT event FROM inbox_events WHERE event_id = $1", event["id"])
    assert kept["key"] == event["data"]["reference"]
    assert kept["amount"] == {"minor_units": 5000, "currency": "EUR"}
    assert (kept["operation"], kept["reply"]["kind"]) == ("authorize", "approved")


async def test_a_forged_or_altered_webhook_is_refused_and_not_stored(
    door: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    event = an_event()
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
    event = an_event()
    body = json.dumps(event).encode()
    refused = await door.post(DOOR, content=body, headers=signed(body, event["id"], age=age))
    assert (refused.status_code, slug(refused)) == (401, "webhook-refused")
    assert await stored(pool, event) == 0


async def test_an_event_that_means_nothing_to_us_is_acknowledged(
    door: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    event = an_event(type="report.ready", data={"report": 7})
    answer = await sent(door, event)
    assert (answer.status_code, answer.json()) == (200, {"received": 0})


async def test_a_signed_webhook_that_cannot_be_read_is_refused(door: httpx.AsyncClient) -> None:
    for unreadable in (an_event(data={}), an_event(type=7)):
        refused = await sent(door, unreadable)
        assert (refused.status_code, slug(refused)) == (422, "webhook-refused")


async def test_a_webhook_of_a_megabyte_is_taken_and_a_larger_one_is_not_read(
    door: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    event, megabyte = an_event(), 1_048_576
    padding = megabyte - len(json.dumps(event | {"about": ""}).encode())
    taken = await sent(door, event | {"about": "x" * padding})
    assert (taken.status_code, await stored(pool, event)) == (200, 1), taken.text
    longer = an_event()
    refused = await sent(door, longer | {"about": "x" * (padding + 1)})
    assert (refused.status_code, slug(refused)) == (413, "body-too-large")
    assert await stored(pool, longer) == 0


async def test_a_psp_that_we_do_not_speak_to_has_no_door(door: httpx.AsyncClient) -> None:
    missing = await door.post("/webhooks/nobody", content=b"{}")
    assert (missing.status_code, slug(missing)) == (404, "not-found")


async def test_a_webhook_is_heard_in_every_form_of_signature(
    door: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    for sign in (signed, signed_by_key, lambda body, _: plainly_signed(body)):
        event = an_event()
        body = json.dumps(event).encode()
        answer = await door.post(DOOR, content=body, headers=sign(body, event["id"]))
        assert (answer.status_code, answer.json()) == (200, {"received": 1})
        assert await stored(pool, event) == 1


async def test_a_nonce_counts_once_and_the_same_event_under_another_is_known(
    door: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    first, second = an_event(), an_event()
    bodies = [json.dumps(event).encode() for event in (first, second)]
    headers = plainly_signed(bodies[0])
    assert (await door.post(DOOR, content=bodies[0], headers=headers)).status_code == 200
    replayed = await door.post(DOOR, content=bodies[0], headers=headers)
    assert (replayed.status_code, slug(replayed)) == (401, "webhook-refused")
    reused = plainly_signed(bodies[1], headers["X-Nonce"])
    assert (await door.post(DOOR, content=bodies[1], headers=reused)).status_code == 401
    afresh = plainly_signed(bodies[0])
    assert (await door.post(DOOR, content=bodies[0], headers=afresh)).status_code == 200
    assert (await stored(pool, first), await stored(pool, second)) == (1, 0)


async def test_an_event_told_again_with_other_facts_changes_nothing_and_becomes_a_case(
    door: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    event = an_event()
    other = event | {"data": event["data"] | {"amount": 9000}}
    assert (await sent(door, event)).status_code == 200
    for _ in range(2):
        refused = await sent(door, other)
        assert (refused.status_code, slug(refused)) == (409, "webhook-refused")
    kept = await pool.fetchval("SELECT event FROM inbox_events WHERE event_id = $1", event["id"])
    assert kept["amount"]["minor_units"] == 5000
    payment_id = event["data"]["reference"].partition(":")[0]
    [case] = await pool.fetch("SELECT * FROM cases WHERE payment_id = $1", payment_id)
    assert case["kind"] == "contradiction"
    assert "50.00 EUR" in case["facts"]["first"]
    assert "90.00 EUR" in case["facts"]["later"]


async def test_an_event_told_again_in_other_words_is_the_same_event(
    door: httpx.AsyncClient,
) -> None:
    event = an_event()
    assert (await sent(door, event)).status_code == 200
    answer = await sent(door, {"delivery": 2} | event)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/json;charset=latin1"],
)
async def test_what_does_not_say_that_it_is_json_is_refused(
    door: httpx.AsyncClient, pool: asyncpg.Pool, kind: str
) -> None:
    event = an_event()
    body = json.dumps(event).encode()
    headers = signed(body, event["id"]) | {"content-type": kind}
    refused = await door.post(DOOR, content=body, headers=headers)
    assert (refused.status_code, slug(refused)) == (415, "unsupported-media-type")
    assert await stored(pool, event) == 0


@pytest.mark.parametrize("kind", ["application/json; charset=UTF-8", "application/vnd.psp+json"])
async def test_json_by_any_of_its_names_is_heard(door: httpx.AsyncClient, kind: str) -> None:
    event = an_event()
    body = json.dumps(event).encode()
    headers = signed(body, event["id"]) | {"content-type": kind}
    assert (await door.post(DOOR, content=body, headers=headers)).status_code == 200


@pytest.mark.parametrize("reference", ["in_\x00:authorize:1", "in_" + "x" * 300])
async def test_what_cannot_be_stored_is_refused_as_malformed(
    door: httpx.AsyncClient, reference: str
) -> None:
    event = an_event()
    refused = await sent(door, event | {"data": event["data"] | {"reference": reference}})
    assert (refused.status_code, slug(refused)) == (422, "webhook-refused")
