"""A breaker is one for all workers, opens on failures and never on declines, and closes again."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
import structlog

from infra.local.stack.postgres import Database
from infra.postgres import open_pool
from infra.settings import Postgres
from tests.activities.routing.dying import (
    QUICK,
    WatchedBreakers,
    a_psp,
    key_of,
    passes,
    seen,
    standing,
    state,
    story,
)
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.breaker import State


@pytest.fixture
def breakers(books: asyncpg.Pool) -> WatchedBreakers:
    return WatchedBreakers(books)


async def opened(breakers: WatchedBreakers, psp: str, method: str = "card") -> None:
    await breakers.observe(seen(psp, *[True] * QUICK.in_a_row, method=method))
    assert await state(breakers, psp, method) is State.OPEN


async def half_open(breakers: WatchedBreakers, owner: asyncpg.Pool, psp: str) -> None:
    await opened(breakers, psp)
    await passes(owner, psp, QUICK.open_seconds)
    await breakers.tend()
    assert await state(breakers, psp) is State.HALF_OPEN


def main(psp: str) -> MerchantAccount:
    return MerchantAccount(psp, "main")


async def test_failures_that_two_workers_saw_open_one_breaker(
    breakers: WatchedBreakers, untouched: Database
) -> None:
    psp = a_psp()
    at = Postgres.model_validate({"url": untouched.url, "pool_size": 1})
    async with await open_pool(at) as pool:
        other = WatchedBreakers(pool)
        await breakers.observe(seen(psp, True, True, True))
        assert await state(other, psp) is State.CLOSED
        await other.observe(seen(psp, True, True))
        assert await state(breakers, psp) is State.OPEN
        assert key_of(psp) in await other.tend()


async def test_many_workers_at_once_count_every_call_and_open_once(
    breakers: WatchedBreakers,
) -> None:
    psp = a_psp()
    await asyncio.gather(
        *(breakers.observe(seen(psp, True, method=m)) for m in ("card", "bank") * 20)
    )
    assert sorted(await story(breakers, psp)) == [("bank", "open"), ("card", "open")]


async def test_answers_between_failures_keep_it_closed(
    breakers: WatchedBreakers, owner_of_books: asyncpg.Pool
) -> None:
    psp = a_psp()
    for _ in range(5):
        await breakers.observe(seen(psp, True, True, False, False, False))
    assert await state(breakers, psp) is State.CLOSED
    counted = await owner_of_books.fetchrow(
        "SELECT sum(answered), sum(failed) FROM routing_breaker_counts WHERE psp = $1", psp
    )
    assert counted is not None
    assert tuple(counted) == (15, 10)


async def test_half_of_them_failing_opens_it_though_never_five_in_a_row(
    breakers: WatchedBreakers,
) -> None:
    psp = a_psp()
    await breakers.observe(seen(psp, *[True, False] * 4))
    assert await state(breakers, psp) is State.CLOSED
    await breakers.observe(seen(psp, False, True))
    assert await state(breakers, psp) is State.OPEN


async def test_what_was_seen_a_while_ago_counts_no_more(
    breakers: WatchedBreakers, owner_of_books: asyncpg.Pool
) -> None:
    psp = a_psp()
    await breakers.observe(seen(psp, *[True, True, False] * 3))
    await passes(owner_of_books, psp, 61)
    await breakers.observe(seen(psp, True))
    assert await state(breakers, psp) is State.CLOSED
    left = await owner_of_books.fetchval(
        "SELECT count(*) FROM routing_breaker_counts WHERE psp = $1", psp
    )
    assert left == 1


async def test_a_call_from_before_it_opened_is_no_failed_probe(
    breakers: WatchedBreakers, owner_of_books: asyncpg.Pool
) -> None:
    psp = a_psp()
    await half_open(breakers, owner_of_books, psp)
    await breakers.observe(seen(psp, True, ago=30))
    assert await state(breakers, psp) is State.HALF_OPEN
    await breakers.observe(seen(psp, True))
    assert await state(breakers, psp) is State.OPEN


async def test_it_closes_after_three_good_answers_and_operators_read_the_story(
    breakers: WatchedBreakers, owner_of_books: asyncpg.Pool
) -> None:
    psp = a_psp()
    with structlog.testing.capture_logs() as lines:
        await half_open(breakers, owner_of_books, psp)
        for _ in range(QUICK.probes):
            assert await state(breakers, psp) is State.HALF_OPEN
            await breakers.observe(seen(psp, False))
    assert await story(breakers, psp) == [
        ("card", "open"),
        ("card", "half_open"),
        ("card", "closed"),
    ]
    assert [(line["event"], line["after"]) for line in lines] == [
        ("breaker_changed", after) for after in ("open", "half_open", "closed")
    ]
    assert lines[0]["reason"] == "5 attempts in a row failed or came late"


async def test_a_failed_probe_keeps_it_open_for_longer_each_time(
    breakers: WatchedBreakers, owner_of_books: asyncpg.Pool
) -> None:
    psp = a_psp()
    await half_open(breakers, owner_of_books, psp)
    await breakers.observe(seen(psp, True))
    assert (await standing(breakers, psp)).open_seconds == 2 * QUICK.open_seconds
    await passes(owner_of_books, psp, 1.5)
    assert 0 < (await breakers.tend())[key_of(psp)] <= 0.5


async def test_one_method_may_be_dead_while_another_one_lives(breakers: WatchedBreakers) -> None:
    psp = a_psp()
    await breakers.observe(seen(psp, False, method="bank"))
    await opened(breakers, psp)
    assert await state(breakers, psp, "bank") is State.CLOSED
    assert not await breakers.claim(main(psp), "card")
    assert await breakers.claim(main(psp), "bank")


async def test_captures_that_fail_close_the_account_to_every_method_until_one_is_answered(
    breakers: WatchedBreakers, owner_of_books: asyncpg.Pool
) -> None:
    psp = a_psp()
    await opened(breakers, psp, "*")
    assert not await breakers.claim(main(psp), "card")
    await passes(owner_of_books, psp, QUICK.open_seconds)
    await breakers.tend()
    assert await breakers.claim(main(psp), "card")
    # No capture need come by: authorisations are its probes.
    await breakers.observe(seen(psp, False, False, False))
    assert await story(breakers, psp) == [("*", "open"), ("*", "half_open"), ("*", "closed")]


async def test_of_fifty_payments_at_once_three_are_probes(
    breakers: WatchedBreakers, owner_of_books: asyncpg.Pool
) -> None:
    psp = a_psp()
    await half_open(breakers, owner_of_books, psp)
    granted = await asyncio.gather(*(breakers.claim(main(psp), "card") for _ in range(50)))
    assert sum(granted) == QUICK.probes
    await breakers.observe(seen(psp, False))
    again = await asyncio.gather(*(breakers.claim(main(psp), "card") for _ in range(50)))
    assert sum(again) == 1


async def test_a_probe_whose_worker_died_is_given_back(
    breakers: WatchedBreakers, owner_of_books: asyncpg.Pool
) -> None:
    psp = a_psp()
    await half_open(breakers, owner_of_books, psp)
    assert all([await breakers.claim(main(psp), "card") for _ in range(QUICK.probes)])
    assert not await breakers.claim(main(psp), "card")
    await passes(owner_of_books, psp, 31)
    assert await breakers.claim(main(psp), "card")


async def test_events_cannot_be_changed(
    breakers: WatchedBreakers, owner_of_books: asyncpg.Pool
) -> None:
    await opened(breakers, a_psp())
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await owner_of_books.execute("UPDATE routing_health_events SET reason = ''")
