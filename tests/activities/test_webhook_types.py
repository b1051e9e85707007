"""Webhooks that told us nothing are counted by type and day, and never in the delivery's way."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.inbox.type_counts import TypeCounts, TypesAsked
from activities.inbox.webhook_types import WebhookTypes

TODAY = datetime.now(tz=UTC).date()


@pytest.fixture
def types(pool: asyncpg.Pool) -> WebhookTypes:
    return WebhookTypes(pool)


@pytest.fixture
def psp() -> str:
    return f"psp_{uuid.uuid4().hex[:12]}"


async def kept(reading: AsyncEngine, psp: str) -> dict[tuple[str, bool], int]:
    asked = TypesAsked(TODAY - timedelta(days=1), TODAY + timedelta(days=1), psp)
    return {(row.type, row.known): row.count for row in await TypeCounts(reading).list(asked)}


async def test_each_type_is_counted_however_many_tell_it_at_once(
    types: WebhookTypes, reading: AsyncEngine, psp: str
) -> None:
    deliveries = [(["report", "ping"], ["news"]), (["ping", "report"], ["news"]), (["report"], [])]
    await asyncio.gather(*(types.count(psp, *kinds) for kinds in deliveries * 40))
    expected = {("report", True): 120, ("ping", True): 80, ("news", False): 80}
    assert await kept(reading, psp) == expected


async def test_a_type_may_be_known_one_day_and_both_are_counted(
    types: WebhookTypes, reading: AsyncEngine, psp: str
) -> None:
    await types.count(psp, [], ["payment.frozen"])
    await types.count(psp, ["payment.frozen", "payment.frozen"], [])
    assert await kept(reading, psp) == {("payment.frozen", False): 1, ("payment.frozen", True): 2}


async def test_a_type_is_one_short_line_of_plain_characters_without_card_data(
    types: WebhookTypes, reading: AsyncEngine, psp: str
) -> None:
    unknown = ["x" * 500, "two\nlines\x00\u2028", "", "4111111111111111", "gelöscht"]
    await types.count(psp, [], unknown)
    assert {type_ for type_, _ in await kept(reading, psp)} == {
        "x" * 100,
        "two?lines??",
        "?",
        "(hidden)",
        "gel?scht",
    }


async def test_types_without_end_are_counted_as_one(
    types: WebhookTypes, reading: AsyncEngine, psp: str
) -> None:
    await types.count(psp, [], [f"type-{number}" for number in range(400)])
    found = await kept(reading, psp)
    assert (len(found), sum(found.values())) == (51, 400)
    assert found["(others)", False] == 350


async def test_nothing_to_count_asks_the_database_nothing() -> None:
    nowhere = asyncpg.create_pool(host="127.0.0.1", port=1, min_size=0)
    with structlog.testing.capture_logs() as lines:
        await WebhookTypes(nowhere).count("psp", [], [])
    assert lines == []


async def test_what_cannot_be_counted_is_logged_and_stops_nothing(
    types: WebhookTypes, reading: AsyncEngine, owner: asyncpg.Pool, psp: str
) -> None:
    async with owner.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE webhook_types IN EXCLUSIVE MODE")
        with structlog.testing.capture_logs() as lines:
            await asyncio.wait_for(types.count(psp, ["ping"], []), timeout=60)
    assert [(line["event"], line["psp"]) for line in lines] == [("webhook_types_not_counted", psp)]
    assert await kept(reading, psp) == {}


async def test_types_of_no_table_leave_one_line_and_known_ones_none(
    types: WebhookTypes, psp: str
) -> None:
    with structlog.testing.capture_logs() as lines:
        await types.count(psp, ["ping"], [])
        await types.count(psp, ["ping"], ["b", "a", "b"])
    [line] = lines
    assert (line["event"], line["types"], line["log_level"]) == (
        "webhook_types_unknown",
        ["a", "b"],
        "warning",
    )


async def test_days_are_kept_apart_and_the_newest_come_first(
    types: WebhookTypes, reading: AsyncEngine, owner: asyncpg.Pool, psp: str
) -> None:
    await types.count(psp, ["ping"], ["news"])
    await owner.execute(
        "INSERT INTO webhook_types SELECT psp, day - 1, type, known, 7 FROM webhook_types "
        "WHERE psp = $1",
        psp,
    )
    yesterday = TODAY - timedelta(days=1)
    rows = await TypeCounts(reading).list(TypesAsked(yesterday, TODAY, psp))
    assert [(row.day, row.type, row.count) for row in rows] == [
        (TODAY, "news", 1),
        (TODAY, "ping", 1),
        (yesterday, "news", 7),
        (yesterday, "ping", 7),
    ]
    assert [
        row.count for row in await TypeCounts(reading).list(TypesAsked(yesterday, yesterday, psp))
    ] == [7, 7]
    assert len(await TypeCounts(reading).list(TypesAsked(yesterday, TODAY, psp, limit=1))) == 1
