"""A receiver that is dead, slow or hostile costs its own brand time, and nobody else any."""

from __future__ import annotations

import asyncio
import time

import asyncpg

from activities.outgoing_events.circuit import FAILURES_TO_OPEN, SLOTS, Circuit
from tests.activities.outgoing_events.platform import (
    Impatient,
    a_brand,
    became,
    come,
    opened,
    platform,
    telling,
    time_flies,
)
from tests.activities.psp.peer import drips, hangs
from tests.infra.waiting import eventually

MANY = 60


async def test_a_receiver_that_never_answers_delays_neither_another_brand_nor_a_payment(
    pool: asyncpg.Pool,
) -> None:
    dead, alive = a_brand(), a_brand()
    for brand in (dead, alive):
        await asyncio.gather(*(opened(pool, brand) for _ in range(MANY)))
    async with (
        platform(behaviour=hangs) as silent,
        platform() as heard,
        telling(pool, {dead: silent.url, alive: heard.url}),
    ):
        await eventually(lambda: len(heard.heard) == MANY)
        payment = await opened(pool, dead)
        await became(pool, payment, "PENDING", "AUTHORIZED", "CAPTURED")
        # It holds the slots it has, and not one more.
        assert len(silent.heard) == SLOTS


async def test_a_receiver_that_drips_bytes_delays_nobody(pool: asyncpg.Pool) -> None:
    slow, alive = a_brand(), a_brand()
    for brand in (slow, alive):
        await asyncio.gather(*(opened(pool, brand) for _ in range(MANY)))
    async with (
        platform(behaviour=drips) as dripping,
        platform() as heard,
        telling(pool, {slow: dripping.url, alive: heard.url}),
    ):
        await eventually(lambda: len(heard.heard) == MANY)


async def test_a_receiver_in_trouble_is_only_probed_and_catches_up_when_it_is_back(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    brand, status = a_brand(), 503
    payments = await asyncio.gather(*(opened(pool, brand) for _ in range(MANY)))
    async with (
        platform(lambda _: status) as heard,
        telling(pool, {brand: heard.url}, circuit=Impatient),
    ):
        await asyncio.sleep(1.5)
        # One burst of what was under way when it opened; then one at a time.
        assert FAILURES_TO_OPEN <= len(heard.heard) <= SLOTS + 17
        status = 200
        async with time_flies(owner, brand):
            for payment in payments:
                await come(pool, payment, "delivered")


async def test_a_receiver_that_refuses_some_events_is_not_dead(
    pool: asyncpg.Pool,
) -> None:
    brand = a_brand()
    poison = set(await asyncio.gather(*(opened(pool, brand) for _ in range(20))))
    async with (
        platform(lambda event: 422 if event["payment_id"] in poison else 200) as heard,
        telling(pool, {brand: heard.url}),
    ):
        await eventually(lambda: len(heard.heard) >= 20)
        began = time.monotonic()
        payment = await opened(pool, brand)
        await come(pool, payment, "delivered")
        assert time.monotonic() - began < 2


def test_a_circuit_opens_after_failures_in_a_row_and_lets_one_through_at_a_time() -> None:
    circuit = Circuit()
    assert circuit.free(now=0) == SLOTS
    circuit.heard(alive=False, now=0)
    circuit.heard(alive=True, now=0)
    for _ in range(FAILURES_TO_OPEN):
        assert circuit.free(now=0) == SLOTS
        circuit.heard(alive=False, now=0)
    assert circuit.free(now=1) == 0
    assert circuit.free(now=6) == 1
    circuit.began()
    assert circuit.free(now=6) == 0
    circuit.ended()
    circuit.heard(alive=True, now=6)
    assert circuit.free(now=6) == SLOTS
