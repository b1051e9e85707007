"""Each payment's events arrive in the order of their numbers, whoever delivers and whoever dies."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import asyncpg
import pytest

from activities.outgoing_events.dispatcher import Dispatcher
from activities.outgoing_events.event import Event
from activities.outgoing_events.post import Answer
from activities.outgoing_events.queue import Queue
from activities.outgoing_events.receivers import Receiver, Receivers
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

FIVE = ["delivered"] * 5
FOUR = ["PENDING", "REQUIRES_ACTION", "AUTHORIZED", "CAPTURED"]


async def test_a_payment_is_told_from_its_opening_to_its_end(pool: asyncpg.Pool) -> None:
    brand = a_brand()
    payment = await opened(pool, brand)
    await became(pool, payment, *FOUR)
    async with platform() as heard, telling(pool, {brand: heard.url}):
        await come(pool, payment, *FIVE)
    assert heard.sequences(payment) == [1, 2, 3, 4, 5]
    assert heard.events[-1]["id"] == f"evt_{payment}_5"
    assert heard.events[-1]["type"] == "deposit.captured"
    assert heard.events[-1]["data"]["amount"] == {"amount": "50.00", "currency": "EUR"}


async def test_what_happens_while_it_is_told_is_told_next(pool: asyncpg.Pool) -> None:
    brand = a_brand()
    async with platform() as heard, telling(pool, {brand: heard.url}):
        payments = [await opened(pool, brand) for _ in range(10)]
        await asyncio.gather(*(became(pool, payment, *FOUR) for payment in payments))
        for payment in payments:
            await come(pool, payment, *FIVE)
            assert heard.sequences(payment) == [1, 2, 3, 4, 5]


async def test_two_dispatchers_tell_every_event_once_and_in_order(pool: asyncpg.Pool) -> None:
    brand = a_brand()
    payments = [await opened(pool, brand) for _ in range(20)]
    await asyncio.gather(*(became(pool, payment, *FOUR) for payment in payments))
    async with platform() as heard, telling(pool, {brand: heard.url}, dispatchers=2):
        for payment in payments:
            await come(pool, payment, *FIVE)
    for payment in payments:
        assert heard.sequences(payment) == [1, 2, 3, 4, 5]


async def test_a_receiver_that_fails_at_random_still_hears_each_payment_in_order(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    brand, dice, accepted = a_brand(), random.Random(7), list[tuple[str, int]]()

    def answer(event: dict[str, Any]) -> int:
        if dice.random() < 0.4:
            return dice.choice([400, 410, 302, 429, 409])
        accepted.append((event["payment_id"], event["sequence"]))
        return 200

    payments = [await opened(pool, brand) for _ in range(10)]
    await asyncio.gather(*(became(pool, payment, *FOUR) for payment in payments))
    async with (
        platform(answer) as heard,
        time_flies(owner, brand),
        telling(pool, {brand: heard.url}, dispatchers=2),
    ):
        for payment in payments:
            await come(pool, payment, *FIVE, seconds=20)
    for payment in payments:
        assert [n for who, n in accepted if who == payment] == [1, 2, 3, 4, 5]


async def test_who_dies_between_sending_and_marking_is_followed_by_the_same_event(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    class Dies(Exception):
        pass

    class DiesAfterSending(Dispatcher):
        async def _send(self, receiver: Receiver, event: Event) -> Answer:
            await super()._send(receiver, event)
            raise Dies

    brand = a_brand()
    payment = await opened(pool, brand)
    await became(pool, payment, "PENDING")
    async with platform() as heard:
        receivers = Receivers(settings({brand: heard.url}))
        with pytest.raises(ExceptionGroup) as died:
            await DiesAfterSending(pool, receivers).run()
        assert died.group_contains(Dies)
        async with telling(pool, {brand: heard.url}):
            await asyncio.sleep(0.3)
            # The dead one's lease still counts, for the number it holds and those behind.
            assert heard.sequences(payment) == [1]
            await owner.execute(
                "UPDATE outgoing_events SET leased_until = now() WHERE payment_id = $1", payment
            )
            await come(pool, payment, "delivered", "delivered")
    assert heard.sequences(payment) == [1, 1, 2]
    first, again, _ = heard.heard
    assert first.body == again.body
    assert first.headers["webhook-id"] == again.headers["webhook-id"] == f"evt_{payment}_1"


async def test_who_comes_back_after_its_lease_changes_nothing(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    brand, queue = a_brand(), Queue(pool)
    payment = await opened(pool, brand)
    (old,) = await queue.lease(brand, 10)
    assert await queue.lease(brand, 10) == []
    await owner.execute(
        "UPDATE outgoing_events SET leased_until = now() WHERE payment_id = $1", payment
    )
    (new,) = await queue.lease(brand, 10)
    assert await queue.failed(old, "late") is None
    assert await queue.failed(new, "in time") == "waiting"
    (row,) = await events_of(pool, payment)
    assert (row["last_result"], row["attempts"]) == ("in time", 2)


async def test_many_leases_at_once_give_each_payments_head_to_one(pool: asyncpg.Pool) -> None:
    brand = a_brand()
    payments = [await opened(pool, brand) for _ in range(30)]
    await asyncio.gather(*(became(pool, payment, "PENDING") for payment in payments))
    leased = await asyncio.gather(*(Queue(pool).lease(brand, 5) for _ in range(12)))
    places = Counter((row["payment_id"], row["sequence"]) for rows in leased for row in rows)
    assert set(places.values()) == {1}
    assert {sequence for _, sequence in places} == {1}
