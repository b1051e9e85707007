"""PSPs that can die, and payments that are routed and asked as a worker does it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
from temporalio.testing import ActivityEnvironment

from activities.psp.calls import PspCalls
from activities.psp.catalog import Catalog
from activities.psp.contract import Adapter
from activities.psp.wire import Limits, Wire
from activities.routing.health.breakers import Breakers
from activities.routing.health.conditions import SharedConditions
from activities.routing.health.health import SharedWatch
from activities.routing.health.observation import Key, Observation
from activities.routing.health.overview import BreakerReads, BreakerSeen
from activities.routing.route import PolicyRouting
from activities.routing.settings import Account
from activities.routing.snapshots import Snapshots
from tests.activities.psp.orders import AMOUNT, instructions
from tests.activities.routing.operators import a_brand, asked
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    Declined,
    MerchantAccount,
    NotSent,
    Operation,
    Outcome,
    Reply,
    Unknown,
)
from workflows.domain.routing.breaker import Settings, State

DEADLINE = 2.0
SLOW = 0.3
QUICK = Settings(open_seconds=1, longest_open_seconds=60)


def a_psp() -> str:
    """One of which no other story is told."""
    return f"psp{uuid.uuid4().hex[:8]}"


class WiredAdapter:
    """Asks whoever listens there, and takes any 200 for a yes."""

    def __init__(self, url: str) -> None:
        self._wire = Wire(url, limits=Limits(deadline=DEADLINE))

    async def authorize(self, instruction: AuthorizeInstruction) -> Reply:
        answer = await self._wire.exchange("POST", "/authorize", json={"key": instruction.key})
        if answer.status == 200:
            return Approved("auth_1", instruction.amount)
        return Declined("insufficient_funds", True, str(answer.status))

    async def aclose(self) -> None:
        await self._wire.aclose()


class WiredPlugin:
    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._url = url

    def connect(self) -> Adapter:
        return WiredAdapter(self._url)


class WatchedBreakers(Breakers):
    """With what operators see of them."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(pool, QUICK)
        self.reads = BreakerReads(pool, QUICK)


class Shop:
    """One worker: routes a payment, and asks down the route until somebody says yes or no."""

    def __init__(self, pool: asyncpg.Pool, urls: Mapping[str, str]) -> None:
        self.breakers = WatchedBreakers(pool)
        self.watch = SharedWatch(self.breakers, SLOW)
        self.catalog = Catalog({name: WiredPlugin(name, url) for name, url in urls.items()})
        accounts = [Account(psp=name, id="main") for name in urls]
        self._routing = PolicyRouting(
            pool, Snapshots(pool, accounts), SharedConditions(self.breakers, tuple(urls), QUICK)
        )
        self._psp = PspCalls(self.catalog, self.watch, deadline_seconds=DEADLINE)

    async def route(self, brand: str = "", **changes: Any) -> tuple[MerchantAccount, ...]:
        return (await self._routing.route(asked(brand or a_brand(), **changes))).candidates

    async def pay(self) -> Outcome | None:
        """None: nobody was there to be asked."""
        outcome = None
        for candidate in await self.route():
            outcome = await self.ask(candidate)
            if not isinstance(outcome, NotSent):
                return outcome
        return outcome

    async def ask(self, account: MerchantAccount) -> Outcome:
        instruction: Any = instructions(account, AMOUNT)[Operation.AUTHORIZE]
        key = f"in_{uuid.uuid4().hex}:authorize:1"
        return await ActivityEnvironment().run(self._psp.authorize, replace(instruction, key=key))


@asynccontextmanager
async def a_shop(pool: asyncpg.Pool, urls: Mapping[str, str]) -> AsyncIterator[Shop]:
    shop = Shop(pool, urls)
    try:
        yield shop
    finally:
        await shop.catalog.aclose()


# --- what was seen ----------------------------------------------------------------------------


def key_of(psp: str, method: str = "card") -> Key:
    return Key(psp, "main", method)


def seen(psp: str, *failed: bool, ago: float = 0, method: str = "card") -> list[Observation]:
    return [Observation(key_of(psp, method), ago, each) for each in failed]


async def standing(breakers: WatchedBreakers, psp: str, method: str = "card") -> BreakerSeen:
    return next(s for s in await breakers.reads.listed() if (s.psp, s.method) == (psp, method))


async def state(breakers: WatchedBreakers, psp: str, method: str = "card") -> State:
    return (await standing(breakers, psp, method)).state


async def story(breakers: WatchedBreakers, psp: str) -> list[tuple[str, str]]:
    """The changes that operators see, the oldest first."""
    events = [e for e in await breakers.reads.events(limit=500) if e.psp == psp]
    return [(e.method, e.after.value) for e in reversed(events)]


async def passes(owner: asyncpg.Pool, psp: str, seconds: float) -> None:
    """As if so much time had gone by for the PSP's breakers."""
    by = "make_interval(secs => $2)"
    await owner.execute(
        f"UPDATE routing_breakers SET since = since - {by}, "
        f"probes = array(SELECT p - {by} FROM unnest(probes) AS p) WHERE psp = $1",
        psp,
        seconds,
    )
    await owner.execute(
        f"UPDATE routing_breaker_counts SET second = second - {by} WHERE psp = $1", psp, seconds
    )


def doubts(outcomes: Iterable[Outcome | None]) -> int:
    return sum(isinstance(each, Unknown) for each in outcomes)
