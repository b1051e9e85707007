"""Captures and payouts are stopped by hand: what is under way parks, what is touched is told."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from activities.routing.health.breakers import Breakers
from activities.routing.health.conditions import SharedConditions
from activities.routing.stopping.drain import Drainer
from activities.routing.stopping.stop import Touched, What
from activities.routing.stopping.stops import Stops
from tests.activities.routing.dying import a_psp, a_shop
from tests.activities.routing.operators import a_brand
from tests.activities.routing.parked import (
    CAPTURES,
    PAYOUTS,
    Sink,
    asked,
    goes,
    lift,
    ready,
    stop,
)
from workflows.domain.identity import Kind
from workflows.domain.psp import MerchantAccount, Parked
from workflows.domain.routing.stop_scope import StopScope


async def test_a_payment_parks_under_the_stop_and_asking_again_parks_it_once(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool
) -> None:
    psp = a_psp()
    payment_id = await ready(owner_of_books, psp)
    assert await goes(books, payment_id, psp)
    stopped = await stop(books, psp=psp)
    answers = await asyncio.gather(*(asked(books, payment_id, psp) for _ in range(10)))
    assert answers == [Parked(stopped.id)] * 10
    (waiting,) = await Stops(books).waiting(stopped.id)
    assert (waiting.payment_id, waiting.minor_units) == (payment_id, 5000)
    found = await Stops(books).stop(stopped.id)
    assert found is not None
    assert (found.waiting, found.released) == (1, 0)


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"brand": "bravo"},
        {"region": "MT"},
        {"account": "spare"},
        {"operation": PAYOUTS},
    ],
)
async def test_a_stop_is_for_what_it_names_and_for_nothing_else(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool, elsewhere: dict[str, str]
) -> None:
    psp = a_psp()
    await stop(books, psp=psp, account="main", brand="acme", region="EU")
    payment_id = await ready(owner_of_books, psp)
    assert await goes(books, payment_id, psp, **elsewhere)
    assert await goes(books, payment_id, a_psp())
    assert not await goes(books, payment_id, psp)


async def test_setting_the_same_stop_again_is_setting_it_once(books: asyncpg.Pool) -> None:
    psp = a_psp()
    several = await asyncio.gather(*(stop(books, psp=psp) for _ in range(5)))
    assert len({each.id for each in several}) == 1
    (event,) = await Stops(books).events(several[0].id)
    assert (event.what, event.by, event.reason) == (What.SET, "operator-1", "they are down")


async def test_who_set_lifted_and_slowed_it_is_kept(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool
) -> None:
    stopped = await stop(books, psp=a_psp())
    for rate in (10, 10, 2.5):
        lifted = await lift(books, stopped.id, rate)
    assert (lifted.lifted_by, lifted.drain_per_second) == ("operator-2", 2.5)
    kept = [(e.what, e.drain_per_second) for e in await Stops(books).events(stopped.id)]
    assert kept == [(What.SET, None), (What.LIFTED, 10), (What.RATE, 2.5)]
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await owner_of_books.execute("DELETE FROM routing_stop_events")


async def test_a_stop_that_is_unknown_cannot_be_lifted(books: asyncpg.Pool) -> None:
    with pytest.raises(LookupError, match="there is no stop 0"):
        await lift(books, 0)


async def test_what_a_stop_would_touch_is_told_before_it_is_set(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool
) -> None:
    psp, brand = a_psp(), a_brand()
    for amount in (5000, 700):
        await ready(owner_of_books, psp, brand=brand, amount=amount)
    await ready(owner_of_books, psp, brand=brand, region="MT")
    await ready(owner_of_books, psp, brand=brand, status="CAPTURED", final=True)
    await ready(owner_of_books, psp, brand=brand, status="INITIATED")
    await ready(owner_of_books, a_psp(), brand=brand)
    await ready(owner_of_books, psp, PAYOUTS, brand=brand)
    await ready(owner_of_books, None, PAYOUTS, brand=brand, status="PAYOUT_AWAITING_APPROVAL")
    touched = Stops(books).touched
    captures = StopScope(operation=CAPTURES, psp=psp, region="EU")
    assert await touched(captures) == Touched(payments=2, amounts={"EUR": 5700}, unrouted=0)
    payouts = StopScope(operation=PAYOUTS, psp=psp, brand=brand)
    assert await touched(payouts) == Touched(payments=1, amounts={"EUR": 5000}, unrouted=1)
    everywhere = await touched(StopScope(operation=CAPTURES, brand=brand))
    assert everywhere.payments == 4
    assert await touched(StopScope(operation=CAPTURES, psp=a_psp())) == Touched(
        payments=0, amounts={}, unrouted=0
    )


async def test_a_brand_sees_its_own_stops_and_those_of_all_brands(books: asyncpg.Pool) -> None:
    psp, mine, other = a_psp(), a_brand(), a_brand()
    own, everybodys = await stop(books, psp=psp, brand=mine), await stop(books, psp=psp)
    await stop(books, psp=psp, brand=other)
    seen = await Stops(books).seen_by([mine], limit=500)
    assert [s.id for s in seen if s.psp == psp] == [everybodys.id, own.id]
    await lift(books, own.id)
    live = await Stops(books).seen_by([mine], only_live=True, limit=500)
    assert [s.id for s in live if s.psp == psp] == [everybodys.id]
    assert len([s for s in await Stops(books).seen_by(["*"], limit=500) if s.psp == psp]) == 3


async def test_new_deposits_go_elsewhere_while_captures_are_stopped(books: asyncpg.Pool) -> None:
    stopped, other, brand = a_psp(), a_psp(), a_brand()
    there, elsewhere = (MerchantAccount(psp, "main") for psp in (stopped, other))
    async with a_shop(books, {stopped: "http://x", other: "http://y"}) as shop:
        assert await shop.route(brand) == (there, elsewhere)
        one = await stop(books, psp=stopped, brand=brand)
        assert await shop.route(brand) == (elsewhere,)
        assert await shop.route() == (there, elsewhere)
        await lift(books, one.id)
        assert await shop.route(brand) == (there, elsewhere)


async def test_a_brand_may_be_stopped_at_every_psp(books: asyncpg.Pool) -> None:
    brand = a_brand()
    async with a_shop(books, {a_psp(): "http://x", a_psp(): "http://y"}) as shop:
        one = await stop(books, brand=brand)
        assert await shop.route(brand) == ()
        assert len(await shop.route()) == 2
        await lift(books, one.id)


async def test_a_stop_of_payouts_is_none_of_the_deposits(books: asyncpg.Pool) -> None:
    psp = a_psp()
    await stop(books, PAYOUTS, psp=psp)
    conditions = SharedConditions(Breakers(books), [psp])
    given = await books.fetchval(f"SELECT ({conditions.reads})")
    for kind, count in ((Kind.PAYOUT, 1), (Kind.DEPOSIT, 0)):
        assert len([s for s in conditions.health(given, kind).stops if s.psp == psp]) == count


async def test_a_payout_that_only_stopped_accounts_could_take_waits_for_any_of_them(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool
) -> None:
    brand = a_brand()
    one, two = [await stop(books, PAYOUTS, psp=a_psp(), brand=brand) for _ in range(2)]
    payment_id = await ready(owner_of_books, None, PAYOUTS, brand=brand)

    async def goes_to(psp: str | None) -> bool:
        return await goes(books, payment_id, psp, operation=PAYOUTS, brand=brand)

    assert not await goes_to(None)
    for each in (one, two):
        assert [w.payment_id for w in await Stops(books).waiting(each.id)] == [payment_id]
    await lift(books, two.id)
    assert not await goes_to(None)
    await asyncio.sleep(0.05)
    await Drainer(books, Sink()).drain()
    # It is routed again once, and if there is still no way it waits on.
    assert await goes_to(None)
    assert not await goes_to(None)
    # To the account that is free it goes, and waits for nothing any more.
    assert await goes_to(two.psp)
    assert await Stops(books).waiting(one.id) == []
    # Declined there, it is sent to the first, and parks after all.
    assert not await goes_to(one.psp)
    assert [w.payment_id for w in await Stops(books).waiting(one.id)] == [payment_id]
