"""A PSP that has its own manners at the door: its words in answer, its types that tell nothing."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import structlog

from activities.access.credential import Role
from activities.psp.catalog import Catalog
from activities.psp.contract import (
    Acknowledgement,
    Adapter,
    Delivery,
    WebhookRefused,
    WebhookRequest,
)
from activities.settings import Settings
from api.app import create_app
from tests.api.callers import Caller, slug
from tests.api.conftest import Issue, speaking_to
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import Operation, Ready

TYPES = "/v1/webhooks/types"
NAME = f"mannered_{uuid.uuid4().hex[:8]}"
ACCEPTED = Acknowledgement(b"[accepted]")
DOORS = [f"/webhooks/{NAME}", "/payments/callback"]


@dataclass(frozen=True)
class Mannered:
    """A plugin whose PSP wants to read its own word, and whose verification may be away."""

    name: str = NAME
    acknowledgement: Acknowledgement = ACCEPTED

    def connect(self) -> Adapter:
        return self

    async def aclose(self) -> None:
        return None

    async def hear(self, request: WebhookRequest) -> Delivery:
        message = orjson.loads(request.body)
        if "refused" in message:
            raise WebhookRefused("verification", status=message["refused"])
        events = [self._ready(key) for key in message.get("ready", ())]
        return Delivery(events, message.get("ignored", ()), message.get("unknown", ()))

    def _ready(self, key: str) -> PspEvent:
        event_id, money = uuid.uuid4().hex, Money(5000, "EUR")
        return PspEvent(self.name, event_id, key, Operation.AUTHORIZE, Ready("psp-1"), money)


@pytest.fixture(scope="module")
async def door(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    made = create_app(settings, Catalog({NAME: Mannered()}))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(made.router.lifespan_context(made))
        yield await stack.enter_async_context(speaking_to(made))


@pytest.fixture
async def desk(issue: Issue) -> Caller:
    return await issue(Role.OPERATOR, brands=("*",))


async def counted(desk: Caller, query: str = "") -> dict[tuple[str, bool], int]:
    listed = (await desk.get(f"{TYPES}?psp={NAME}{query}")).json()["items"]
    return {(item["type"], item["known"]): item["count"] for item in listed}


@pytest.mark.parametrize("to", DOORS, ids=["webhooks", "callback"])
async def test_a_psp_is_answered_in_its_own_words_once_the_event_is_stored(
    door: httpx.AsyncClient, pool: asyncpg.Pool, to: str
) -> None:
    key = f"in_{uuid.uuid4().hex}:authorize:1"
    answer = await door.post(to, json={"ready": [key]})
    assert (answer.status_code, answer.content) == (200, b"[accepted]")
    assert answer.headers["content-type"].startswith("text/plain")
    kept = "SELECT event -> 'reply' ->> 'kind' FROM inbox_events WHERE payment_id = $1"
    assert await pool.fetchval(kept, key.partition(":")[0]) == "ready"


@pytest.mark.parametrize("to", DOORS, ids=["webhooks", "callback"])
async def test_what_told_us_nothing_is_acknowledged_counted_and_shown(
    door: httpx.AsyncClient, desk: Caller, to: str
) -> None:
    of_this_door = f"report.{uuid.uuid4().hex[:8]}"
    for _ in range(3):
        news = {"ignored": [of_this_door], "unknown": [f"{of_this_door}!"]}
        answer = await door.post(to, json=news)
        assert (answer.status_code, answer.content) == (200, b"[accepted]")
    found = await counted(desk)
    assert found[of_this_door, True] == found[f"{of_this_door}!", False] == 3


async def test_a_refused_webhook_counts_no_type(door: httpx.AsyncClient, desk: Caller) -> None:
    before = await counted(desk)
    refused = await door.post(DOORS[0], json={"refused": 401, "unknown": ["forged"]})
    assert (refused.status_code, slug(refused)) == (401, "webhook-refused")
    assert await counted(desk) == before


@pytest.mark.parametrize("to", DOORS, ids=["webhooks", "callback"])
@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_verification_that_is_out_of_reach_is_told_and_is_nobodys_attack(
    door: httpx.AsyncClient, desk: Caller, status: int, to: str
) -> None:
    before = (await desk.get("/v1/security/events")).json()
    with structlog.testing.capture_logs() as lines:
        away = await door.post(to, json={"refused": status})
    assert (away.status_code, slug(away)) == (status, "webhook-unverifiable")
    assert away.headers["Retry-After"]
    webhook_lines = [line for line in lines if line["event"].startswith("webhook")]
    assert [(line["event"], line["psp"], line["status"]) for line in webhook_lines] == [
        ("webhook_unverifiable", NAME, status)
    ]
    assert (await desk.get("/v1/security/events")).json() == before


async def test_days_are_chosen_and_bounded(door: httpx.AsyncClient, desk: Caller) -> None:
    await door.post(DOORS[0], json={"ignored": ["daily"]})
    today = datetime.now(tz=UTC).date()
    tomorrow, long_ago = today + timedelta(days=1), today - timedelta(days=365)
    assert ("daily", True) in await counted(desk, f"&from={today}&to={today}")
    assert ("daily", True) in await counted(desk, f"&from={long_ago}&to={today}")
    assert await counted(desk, f"&from={tomorrow}&to={tomorrow}") == {}
    for wrong in (
        f"from={tomorrow}&to={today}",
        f"from={long_ago}&to={tomorrow}",
        "from=2026-02-30",
        "to=yesterday",
        "since=2026-01-01",
    ):
        refused = await desk.get(f"{TYPES}?{wrong}")
        assert (refused.status_code, slug(refused)) == (422, "invalid-request"), wrong


async def test_only_the_desk_of_all_brands_sees_them(
    operator: Caller, platform: Caller, http: httpx.AsyncClient, issue: Any
) -> None:
    everybodys = await issue(Role.PLATFORM, brands=("*",))
    for caller in (operator, platform, everybodys):
        refused = await caller.get(TYPES)
        assert (refused.status_code, slug(refused)) == (403, "forbidden")
    assert (await http.get(TYPES)).status_code == 401
