"""Requests take turns at the database, brand by brand."""

from __future__ import annotations

import asyncio

import pytest

from api.http.errors import Problem
from api.http.shares import Turns


async def test_the_database_is_shared_by_turns() -> None:
    turns, served_in_order = Turns(5, waiting=100), list[str]()

    async def ask(brand: str) -> None:
        await turns.enter(brand)
        served_in_order.append(brand)
        await asyncio.sleep(0)
        turns.leave(brand)

    await asyncio.gather(*(ask("greedy") for _ in range(100)), *(ask("modest") for _ in range(3)))
    assert max(place for place, brand in enumerate(served_in_order) if brand == "modest") < 12
    assert len(served_in_order) == 103


async def test_one_brand_never_has_all_connections_and_many_that_wait_are_refused() -> None:
    turns = Turns(5, waiting=2)
    for _ in range(4):
        await turns.enter("greedy")
    waiting = [asyncio.create_task(turns.enter("greedy")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as refused:
        async with asyncio.timeout(60):
            await turns.enter("greedy")
    assert (refused.value.status, refused.value.slug) == (429, "share-used-up")
    async with asyncio.timeout(60):
        await turns.enter("modest")
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for brand in ("modest", "greedy", "greedy", "greedy", "greedy"):
        turns.leave(brand)
    async with asyncio.timeout(60):
        for _ in range(4):
            await turns.enter("greedy")
        await turns.enter("modest")
