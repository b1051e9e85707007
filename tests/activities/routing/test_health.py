"""A dead PSP costs the players behind it a handful of attempts, whichever worker they meet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import structlog

from activities.psp.certification import Canned
from activities.routing.health.health import MOST_KEPT, SharedWatch
from infra.local.stack.ports import free_ports
from infra.local.stack.postgres import Database
from infra.postgres import open_pool
from infra.settings import Postgres
from tests.activities.psp.orders import AMOUNT
from tests.activities.psp.peer import hangs, listening, refusing_url, says
from tests.activities.routing.dying import (
    QUICK,
    SLOW,
    Shop,
    a_psp,
    a_shop,
    doubts,
    passes,
    standing,
    state,
    story,
)
from workflows.domain.identity import Kind
from workflows.domain.psp import Approved, MerchantAccount, NotSent, Unknown
from workflows.domain.routing.breaker import State

CALLERS = 8


@asynccontextmanager
async def watching(*shops: Shop) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(shop.watch.run()) for shop in shops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def a_crowd(shop: Shop, payments: int) -> list[object]:
    """So many payments, by so many callers at a time."""
    left = iter(range(payments))

    async def caller() -> list[object]:
        return [await shop.pay() for _ in left]

    paid = await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return [outcome for several in paid for outcome in several]


async def test_a_psp_that_hangs_costs_a_handful_of_slow_attempts(
    books: asyncpg.Pool,
) -> None:
    dead, well = a_psp(), a_psp()
    async with (
        listening(hangs) as peer,
        listening(says(lambda _: Canned(200, b"{}"))) as good,
        a_shop(books, {dead: peer.url, well: good.url}) as shop,
        watching(shop),
    ):
        outcomes = await a_crowd(shop, 100)
    assert (await story(shop.breakers, dead))[0] == ("card", "open")
    # Those who were with it already, and the probes of the time that it took.
    assert len(peer.heard) <= CALLERS + 2 * QUICK.probes
    assert len(outcomes) == 100
    assert sum(isinstance(each, Approved) for each in outcomes) == 100 - len(peer.heard)
    assert sum(isinstance(each, Unknown) for each in outcomes) == len(peer.heard)


async def test_a_psp_that_hangs_is_found_out_before_its_first_deadline(
    books: asyncpg.Pool,
) -> None:
    dead = a_psp()
    async with listening(hangs) as peer, a_shop(books, {dead: peer.url}) as shop, watching(shop):
        account = MerchantAccount(dead, "main")
        calls = [asyncio.create_task(shop.ask(account)) for _ in range(QUICK.in_a_row)]
        await asyncio.sleep(SLOW + 0.3)
        assert await state(shop.breakers, dead) is State.OPEN
        assert not any(call.done() for call in calls)
        assert doubts(await asyncio.gather(*calls)) == QUICK.in_a_row
    assert (await story(shop.breakers, dead))[0] == ("card", "open")


async def test_an_answer_that_comes_too_late_is_one_failure_and_no_answer(
    books: asyncpg.Pool,
) -> None:
    psp = a_psp()
    async with a_shop(books, {psp: refusing_url()}) as shop:
        calls = [shop.watch.begun(MerchantAccount(psp, "main"), "card") for _ in range(3)]
        await asyncio.sleep(SLOW + 0.05)
        for ended in calls:
            ended(Approved("auth_1", AMOUNT))
        await shop.watch.flush()
        assert (await standing(shop.breakers, psp)).failed_in_a_row == 3
    counted = await books.fetchrow(
        "SELECT sum(answered), sum(failed) FROM routing_breaker_counts WHERE psp = $1", psp
    )
    assert counted is not None
    assert tuple(counted) == (0, 3)


async def test_what_was_routed_to_a_psp_before_it_died_is_not_sent_there(
    books: asyncpg.Pool,
) -> None:
    dead = a_psp()
    async with a_shop(books, {dead: refusing_url()}) as shop:
        (account,) = await shop.route()
        for _ in range(QUICK.in_a_row):
            assert isinstance(await shop.ask(account), NotSent)
        await shop.watch.flush()
        assert await shop.ask(account) == NotSent("its circuit breaker is open")
        assert await shop.route() == ()


async def test_another_worker_hears_of_it_within_a_second(
    books: asyncpg.Pool, untouched: Database
) -> None:
    dead, well = a_psp(), a_psp()
    urls = {dead: refusing_url(), well: refusing_url()}
    at = Postgres.model_validate({"url": untouched.url, "pool_size": 2})
    async with await open_pool(at) as pool, a_shop(books, urls) as one, a_shop(pool, urls) as two:
        for _ in range(QUICK.in_a_row):
            await one.ask(MerchantAccount(dead, "main"))
        await one.watch.flush()
        await two.watch.flush()
        assert two.watch.refuses(MerchantAccount(dead, "main"), "card")
        assert await two.route() == (MerchantAccount(well, "main"),)


async def test_a_payout_waits_for_a_psp_that_is_down_if_there_is_no_other(
    books: asyncpg.Pool,
) -> None:
    dead, well = (MerchantAccount(a_psp(), "main") for _ in range(2))
    urls = {each.psp: refusing_url() for each in (dead, well)}
    async with a_shop(books, urls) as shop:
        for account, left in ((dead, (well,)), (well, (dead, well))):
            for _ in range(QUICK.in_a_row):
                shop.watch.begun(account, "card")(NotSent("no connection"))
            await shop.watch.flush()
            assert await shop.route(kind=Kind.PAYOUT) == left
        assert await shop.route() == ()


async def test_declines_never_open_it(books: asyncpg.Pool) -> None:
    psp = a_psp()
    async with (
        listening(says(lambda _: Canned(402, b"{}"))) as peer,
        a_shop(books, {psp: peer.url}) as shop,
    ):
        for _ in range(30):
            await shop.pay()
        await shop.watch.flush()
        assert len(peer.heard) == 30
        assert await state(shop.breakers, psp) is State.CLOSED


async def test_a_psp_that_lives_again_is_asked_again_little_by_little(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool
) -> None:
    psp = a_psp()
    async with (
        listening(says(lambda _: Canned(200, b"{}"))) as peer,
        a_shop(books, {psp: peer.url}) as shop,
    ):
        account = MerchantAccount(psp, "main")
        for _ in range(QUICK.in_a_row):
            shop.watch.begun(account, "card")(NotSent("no connection"))
        await shop.watch.flush()
        assert await shop.pay() is None
        await passes(owner_of_books, psp, QUICK.open_seconds)
        await shop.breakers.tend()
        routes = await asyncio.gather(*(shop.route() for _ in range(20)))
        assert sum(route == (account,) for route in routes) == QUICK.probes
        await asyncio.sleep(QUICK.open_seconds)
        for _ in range(QUICK.probes):
            assert isinstance(await shop.ask(account), Approved)
        await shop.watch.flush()
        assert await state(shop.breakers, psp) is State.CLOSED
        assert await shop.route() == (account,)
    assert len(peer.heard) == QUICK.probes


async def test_an_outage_of_the_database_stops_no_call_and_is_told_once() -> None:
    nowhere = f"postgresql://nobody:nothing@127.0.0.1:{free_ports(1)[0]}/none"
    pool = asyncpg.create_pool(nowhere, min_size=0)
    async with listening(says(lambda _: Canned(200, b"{}"))) as peer:
        psp = a_psp()
        async with a_shop(pool, {psp: peer.url}) as shop:
            with structlog.testing.capture_logs() as lines:
                for _ in range(3):
                    outcome = await shop.ask(MerchantAccount(psp, "main"))
                    assert isinstance(outcome, Approved)
                    await shop.watch.flush()
    unreachable = [line for line in lines if line["event"] == "health_unreachable"]
    assert [line["dropped"] for line in unreachable] == [1]


async def test_what_cannot_be_told_does_not_fill_the_memory(books: asyncpg.Pool) -> None:
    psp = a_psp()
    async with a_shop(books, {psp: refusing_url()}) as shop:
        watch: SharedWatch = shop.watch
        for _ in range(MOST_KEPT + 7):
            watch.begun(MerchantAccount(psp, "main"), "card")(Approved("a", AMOUNT))
        with structlog.testing.capture_logs() as lines:
            await watch.flush()
    assert [line for line in lines if line["event"] == "health_dropped"] == [
        {"event": "health_dropped", "log_level": "warning", "calls": 7}
    ]


async def test_a_call_that_is_broken_off_says_nothing(books: asyncpg.Pool) -> None:
    psp = a_psp()
    async with listening(hangs) as peer, a_shop(books, {psp: peer.url}) as shop:
        for _ in range(QUICK.in_a_row):
            call = asyncio.create_task(shop.ask(MerchantAccount(psp, "main")))
            await asyncio.sleep(0.02)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        await asyncio.sleep(SLOW + 0.1)
        await shop.watch.flush()
        assert [s for s in await shop.breakers.reads.listed() if s.psp == psp] == []
