"""What a receiver does not take is told again, later and later, for three days; then the next."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from activities.outgoing_events.event import event_of
from activities.outgoing_events.post import Post
from activities.outgoing_events.queue import Queue
from activities.outgoing_events.receivers import Receivers
from tests.activities.outgoing_events.platform import (
    a_brand,
    became,
    come,
    events_of,
    opened,
    platform,
    settings,
    telling,
    time_flies,
)
from tests.activities.psp.peer import (
    Behaviour,
    hangs,
    loses_the_answer,
    refusing_url,
    resets,
    response,
    sends,
)
from tests.infra.waiting import eventually


async def the_only(pool: asyncpg.Pool, brand: str) -> tuple[str, asyncpg.Record]:
    payment = await opened(pool, brand)
    (leased,) = await Queue(pool).lease(brand, 10)
    return payment, leased


async def waits(pool: asyncpg.Pool, payment: str) -> timedelta:
    """How long after its last attempt the payment's first event is due."""
    wait: timedelta = await pool.fetchval(
        "SELECT next_at - now() FROM outgoing_events WHERE payment_id = $1 AND sequence = 1",
        payment,
    )
    return wait


@pytest.mark.parametrize(
    ("attempt", "longest"),
    [(1, 5), (2, 10), (3, 20), (6, 160), (10, 2560), (11, 3600), (80, 3600), (2_000_000, 3600)],
)
async def test_the_pauses_double_up_to_an_hour(
    pool: asyncpg.Pool, owner: asyncpg.Pool, attempt: int, longest: int
) -> None:
    payment, leased = await the_only(pool, a_brand())
    await owner.execute(
        "UPDATE outgoing_events SET attempts = $2 WHERE payment_id = $1", payment, attempt
    )
    assert await Queue(pool).failed(leased, "HTTP 500") == "waiting"
    wait = await waits(pool, payment)
    assert timedelta(seconds=longest / 2 - 2) < wait <= timedelta(seconds=longest)


async def test_what_comes_behind_a_failure_waits_along(pool: asyncpg.Pool) -> None:
    brand = a_brand()
    payment = await opened(pool, brand)
    await became(pool, payment, "PENDING")
    (leased,) = await Queue(pool).lease(brand, 10)
    await Queue(pool).failed(leased, "HTTP 500")
    assert brand not in await Queue(pool).due_brands()
    await became(pool, payment, "PENDING", "AUTHORIZED")
    assert len({row["next_at"] for row in await events_of(pool, payment)}) == 1
    assert brand not in await Queue(pool).due_brands()


async def test_after_three_days_it_is_given_up_and_the_next_is_told(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    brand = a_brand()
    payment = await opened(pool, brand)
    await became(pool, payment, "PENDING", "AUTHORIZED")
    first, *_ = await events_of(pool, payment)
    assert first["until"] - first["created_at"] == timedelta(days=3)

    def answer(event: dict[str, Any]) -> int:
        return 500 if event["sequence"] == 1 else 200

    async with (
        platform(answer) as heard,
        time_flies(owner, brand),
        telling(pool, {brand: heard.url}),
    ):
        await eventually(lambda: len(heard.heard) >= 3)
        assert heard.sequences(payment) == [1] * len(heard.heard)
        await owner.execute(
            "UPDATE outgoing_events SET until = now() WHERE payment_id = $1 AND sequence = 1",
            payment,
        )
        await come(pool, payment, "gave_up", "delivered", "delivered", seconds=20)
    assert heard.sequences(payment)[-2:] == [2, 3]
    assert (await events_of(pool, payment))[0]["last_result"] == "HTTP 500"


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410, 422, 429, 500, 503])
async def test_only_a_2xx_is_a_yes(pool: asyncpg.Pool, status: int) -> None:
    brand = a_brand()
    payment = await opened(pool, brand)
    async with platform() as elsewhere:
        location = {"location": elsewhere.url}
        moved = sends(response(status, b"", location))
        async with platform(behaviour=moved) as heard, telling(pool, {brand: heard.url}):
            await eventually(lambda: len(heard.heard) == 1)
            await failed_once(pool, payment, f"HTTP {status}")
        # A redirect is not followed: only the configured address is spoken to.
        assert elsewhere.heard == []


@pytest.mark.parametrize(
    ("behaviour", "result"),
    [(loses_the_answer, "RemoteProtocolError"), (resets, "ReadError")],
)
async def test_an_answer_that_is_lost_is_asked_for_again(
    pool: asyncpg.Pool, behaviour: Behaviour, result: str
) -> None:
    brand = a_brand()
    payment = await opened(pool, brand)
    async with platform(behaviour=behaviour) as heard, telling(pool, {brand: heard.url}):
        await failed_once(pool, payment, result)


async def test_nobody_there_is_a_failure_too(pool: asyncpg.Pool) -> None:
    brand = a_brand()
    payment = await opened(pool, brand)
    async with telling(pool, {brand: refusing_url()}):
        await failed_once(pool, payment, "ConnectError")


async def test_a_yes_counts_whatever_follows_it(pool: asyncpg.Pool) -> None:
    for flood in (response(200, b"x" * 5_000_000), response(200, b"cut", length=100)):
        brand = a_brand()
        payment = await opened(pool, brand)
        async with platform(behaviour=sends(flood)) as heard, telling(pool, {brand: heard.url}):
            await come(pool, payment, "delivered")


async def test_a_brand_without_a_receiver_keeps_its_events_out_of_the_queue(
    pool: asyncpg.Pool,
) -> None:
    brand = a_brand()
    payment = await opened(pool, brand)
    await became(pool, payment, "PENDING")
    async with telling(pool, {}):
        await come(pool, payment, "kept", "kept")
    assert brand not in await Queue(pool).due_brands()


async def test_a_row_that_cannot_be_told_stops_nobody_else(pool: asyncpg.Pool) -> None:
    brand = a_brand()
    poison = await opened(pool, brand, details={})
    payment = await opened(pool, brand)
    async with platform() as heard, telling(pool, {brand: heard.url}):
        await come(pool, payment, "delivered")
        await failed_once(pool, poison, "unreadable")


async def test_silence_is_not_waited_for_without_end(pool: asyncpg.Pool) -> None:
    brand = a_brand()
    _, leased = await the_only(pool, brand)
    async with platform(behaviour=hangs) as heard:
        post, receiver = Post(seconds=0.2), Receivers(settings({brand: heard.url})).of(brand)
        assert receiver is not None
        answer = await post.send(receiver, event_of(dict(leased)))
        await post.aclose()
    assert not answer.delivered
    assert not answer.alive


async def failed_once(pool: asyncpg.Pool, payment: str, result: str) -> None:
    async def row() -> asyncpg.Record:
        return (await events_of(pool, payment))[0]

    found = await row()
    for _ in range(500):
        if found["last_result"] is not None:
            break
        await asyncio.sleep(0.02)
        found = await row()
    assert (found["last_result"], found["state"], found["attempts"]) == (result, "waiting", 1)
