"""The PSPs' door stands before the framework, and has all that every other address has."""

from __future__ import annotations

import asyncio

import asyncpg
import httpx
import pytest
import structlog
from fastapi import FastAPI

from api.http.headers import ON_EVERY_ANSWER
from infra.local.stack.postgres import Database
from tests.api.callers import slug
from tests.api.test_webhooks import DOOR, an_event, door, sent, stored

__all__ = ["door"]

ROUTE = "/webhooks/{psp}"
_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND wait_event_type = 'Lock' AND query LIKE '%inbox_take_in_together(%'"
)


async def test_an_answer_has_its_trace_its_headers_and_a_line_in_the_log(
    door: httpx.AsyncClient,
) -> None:
    with structlog.testing.capture_logs() as lines:
        taken = await sent(door, an_event())
        refused = await door.post(DOOR, content=b"{}", headers={"x-trace-id": "trace-1"})
    assert len(taken.headers["x-trace-id"]) == 32
    assert refused.headers["x-trace-id"] == refused.json()["trace_id"] == "trace-1"
    for answer in (taken, refused):
        assert {name: answer.headers[name] for name in ON_EVERY_ANSWER} == ON_EVERY_ANSWER
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["method"], line["route"], line["status"]) for line in requests] == [
        ("POST", ROUTE, 200),
        ("POST", ROUTE, 415),
    ]


async def test_a_webhook_does_not_go_through_the_framework(
    door: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered: list[str] = []
    through = FastAPI.__call__

    async def noted(self: FastAPI, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        entered.append(scope["path"])
        await through(self, scope, receive, send)

    monkeypatch.setattr(FastAPI, "__call__", noted)
    assert (await sent(door, an_event())).status_code == 200
    assert (await sent(door, an_event(), "/payments/callback")).status_code == 200
    assert entered == ["/payments/callback"]


@pytest.mark.parametrize(
    ("method", "path", "status", "problem"),
    [
        ("GET", DOOR, 405, "method-not-allowed"),
        ("POST", f"{DOOR}/", 404, "not-found"),
        ("POST", f"{DOOR}%2Fx", 404, "not-found"),
        ("POST", "/webhooks/", 404, "not-found"),
        ("POST", "/webhooks/nobody", 404, "not-found"),
        ("POST", DOOR, 400, "invalid-trace-id"),
    ],
)
async def test_what_is_no_webhook_is_refused_as_everywhere(
    door: httpx.AsyncClient, method: str, path: str, status: int, problem: str
) -> None:
    headers = {"x-trace-id": "not one"} if status == 400 else {}
    refused = await door.request(method, path, content=b"{}", headers=headers)
    assert (refused.status_code, slug(refused)) == (status, problem)
    assert refused.headers["cache-control"] == "no-store"


async def test_webhooks_that_come_at_once_are_stored_and_acknowledged_each(
    door: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    events = [an_event() for _ in range(40)]
    answers = await asyncio.gather(*(sent(door, event) for event in (*events, *events[:10])))
    assert {(answer.status_code, answer.json()["received"]) for answer in answers} == {(200, 1)}
    assert [await stored(pool, event) for event in events] == [1] * 40


async def test_an_outage_is_told_to_all_who_come_together_and_their_repetitions_are_taken(
    door: httpx.AsyncClient, pool: asyncpg.Pool, owner: asyncpg.Pool, database: Database
) -> None:
    events = [an_event() for _ in range(8)]
    as_the_api = await asyncpg.connect(database.api_url)
    async with owner.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE inbox_events IN EXCLUSIVE MODE")
        sending = [asyncio.create_task(sent(door, event)) for event in events]
        cut = 0
        async with asyncio.timeout(60):
            while not all(task.done() for task in sending):
                cut += len(await as_the_api.fetch(_CUT))
                await asyncio.sleep(0.02)
    await as_the_api.close()
    answers = await asyncio.gather(*sending)
    assert cut
    assert {(answer.status_code, slug(answer)) for answer in answers} == {(503, "unavailable")}
    assert all(answer.headers["retry-after"] for answer in answers)
    assert {(await sent(door, event)).status_code for event in events} == {200}
    assert [await stored(pool, event) for event in events] == [1] * 8
