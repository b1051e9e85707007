"""A receiver that lost an hour gets it again; a feed that is held up says so."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import asyncpg
import pytest

from activities.access.credential import Role
from activities.outgoing_events.replays import Replays, Window
from tests.activities.outgoing_events.platform import a_brand, became, come, opened, telling
from tests.activities.outgoing_events.platform import platform as receiver
from tests.api.callers import Caller, slug
from tests.api.conftest import Issue
from tests.api.operations.test_outgoing_events import EVENTS
from tests.infra.waiting import eventually

REPLAY = f"{EVENTS}/replay"


def between(since: timedelta, until: timedelta = timedelta(seconds=1)) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "created_from": (now - since).isoformat(timespec="microseconds"),
        "created_to": (now + until).isoformat(timespec="microseconds"),
    }


async def dated(owner: asyncpg.Pool, payment_id: str, sequence: int, hours_ago: float) -> None:
    await owner.execute(
        "UPDATE outgoing_events SET created_at = now() - interval '1 hour' * $3 "
        "WHERE payment_id = $1 AND sequence = $2",
        payment_id,
        sequence,
        hours_ago,
    )


async def test_all_that_happened_in_a_time_is_sent_again_each_payment_in_order(
    issue: Issue, pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    brand = a_brand()
    caller = await issue(Role.PLATFORM, brands=(brand,))
    one, other, old = [await opened(pool, brand) for _ in range(3)]
    await became(pool, one, "PENDING", "AUTHORIZED")
    await became(pool, other, "PENDING")
    async with receiver() as heard, telling(pool, {brand: heard.url}):
        await come(pool, one, *["delivered"] * 3)
        await come(pool, other, *["delivered"] * 2)
        await come(pool, old, "delivered")
        for payment, sequence in ((old, 1), (one, 1)):
            await dated(owner, payment, sequence, 3)
        wish, key = between(timedelta(hours=1)), uuid.uuid4().hex
        answer = await caller.post(REPLAY, wish, key=key)
        assert answer.status_code == 202, answer.text
        assert answer.json() == {
            "brand_id": brand,
            "events": 4,
            "payments": 2,
            "next_from": None,
        }
        await eventually(lambda: heard.sequences(one) == [1, 2, 3, 2, 3])
        await eventually(lambda: heard.sequences(other) == [1, 2, 1, 2])
        repeated = await caller.post(REPLAY, wish, key=key)
        assert (repeated.status_code, repeated.json()) == (200, answer.json())
        only = await caller.post(REPLAY, wish | {"type": "deposit.authorized"})
        assert (only.json()["events"], only.json()["payments"]) == (1, 1)
        await eventually(lambda: heard.sequences(one) == [1, 2, 3, 2, 3, 3])
    assert heard.sequences(old) == [1]


async def test_a_long_time_is_sent_again_piece_by_piece(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    brand, now = a_brand(), datetime.now(UTC)
    payments = [await opened(pool, brand) for _ in range(5)]
    for hours, payment in enumerate(payments, 1):
        await dated(owner, payment, 1, hours)
    window = Window(brand=brand, since=now - timedelta(hours=9), until=now, limit=2)
    pieces = []
    since: datetime | None = window.since
    while since is not None:
        done = await Replays(pool).replay_window(
            Window(brand=brand, since=since, until=now, limit=window.limit)
        )
        pieces.append(done.events)
        since = done.next_from
    assert pieces == [2, 2, 1]


async def test_another_brands_hour_is_not_replayed(issue: Issue, pool: asyncpg.Pool) -> None:
    brand = a_brand()
    await opened(pool, brand)
    stranger = await issue(Role.PLATFORM, brands=("bravo",))
    named = between(timedelta(hours=1)) | {"brand_id": brand}
    missing = await stranger.post(REPLAY, named)
    assert (missing.status_code, slug(missing)) == (404, "not-found")
    approver = await issue(Role.APPROVER, brands=(brand,))
    forbidden = await approver.post(REPLAY, between(timedelta(hours=1)))
    assert (forbidden.status_code, slug(forbidden)) == (403, "forbidden")


@pytest.mark.parametrize(
    "changes",
    [
        {"created_from": None},
        {"created_from": "yesterday"},
        {"created_from": "2031-02-31T12:00:00Z"},
        {"created_from": "2099-01-01T00:00:00Z"},
        {"type": "CAPTURED"},
        {"brand_id": "a b"},
        {"until": "now"},
    ],
)
async def test_a_time_that_is_none_is_refused(platform: Caller, changes: dict[str, Any]) -> None:
    refused = await platform.post(REPLAY, between(timedelta(hours=1)) | changes)
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")


async def test_the_feed_says_how_far_behind_a_transaction_holds_it(
    issue: Issue, pool: asyncpg.Pool
) -> None:
    brand = a_brand()
    reader = await issue(Role.PLATFORM, brands=(brand,))
    slow = await opened(pool, brand)
    await behind(reader, lambda seconds: seconds == 0)
    async with pool.acquire() as connection, connection.transaction():
        await became(cast("asyncpg.Pool", connection), slow, "PENDING")
        await opened(pool, brand)
        await asyncio.sleep(0.3)
        page = (await reader.get(EVENTS)).json()
        assert [item["payment_id"] for item in page["items"]] == [slow]
        assert 0.3 <= page["behind_seconds"] < 10
        nothing = (await reader.get(f"{EVENTS}?cursor={page['next_cursor']}")).json()
        assert (nothing["items"], nothing["behind_seconds"] >= 0.3) == ([], True)
        others = await issue(Role.PLATFORM, brands=(a_brand(),))
        assert (await others.get(EVENTS)).json()["behind_seconds"] == 0
    await behind(reader, lambda seconds: seconds == 0)


async def behind(reader: Caller, is_it: Any) -> None:
    """Once what other tests write is done."""
    async with asyncio.timeout(60):
        while not is_it((await reader.get(EVENTS)).json()["behind_seconds"]):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
