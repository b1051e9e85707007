"""The circuit breakers that all workers share: what each of them saw, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy as Connection

from activities.routing.health.locked import locked
from activities.routing.health.observation import Key, Observation
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.accounts import ANY
from workflows.domain.routing.breaker import (
    Breaker,
    Settings,
    State,
    advance,
    may_probe,
    open_for,
)

WINDOW_SECONDS = 60.0
LEASE_SECONDS = 30.0
"""Longer than any call to a PSP: a probe that is not answered by then has lost its worker."""

_TROUBLED = "SELECT psp, account, method FROM routing_breakers WHERE state <> 'closed'"
log = structlog.get_logger("paysaga.health")


class Breakers:
    def __init__(
        self,
        pool: asyncpg.Pool,
        settings: Settings | None = None,
        *,
        window_seconds: float = WINDOW_SECONDS,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._pool = pool
        self._settings = settings or Settings()
        self._window = window_seconds
        self._lease = lease_seconds

    async def observe(self, observations: Sequence[Observation]) -> None:
        """In the order in which they came about. One round trip while all is well."""
        rows = await self._pool.fetch(
            "SELECT * FROM routing_observe($1, $2)",
            [asdict(one.key) | {"ago": one.ago, "failed": one.failed} for one in observations],
            self._window,
        )
        for row in rows:
            await self._judge(Key(*row))

    async def tend(self) -> Mapping[Key, float]:
        """Let those try again whose time is over; give those that are open, and the seconds for
        which they certainly stay so."""
        found = {}
        for row in await self._pool.fetch(_TROUBLED):
            key = Key(*row)
            breaker, now = await self._judge(key)
            if breaker.state is State.OPEN:
                found[key] = breaker.since + open_for(breaker, self._settings) - now
        return found

    async def claim(self, account: MerchantAccount, method: str) -> bool:
        """Take the place of a probe wherever one is needed; False if others were quicker."""
        async with self._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                # The lock order of all: `*` sorts before any word.
                granted = [
                    await self._granted(connection, Key(account.psp, account.id, each))
                    for each in (ANY, method)
                ]
            except BaseException:
                await transaction.rollback()
                raise
            if not all(granted):
                await transaction.rollback()
                return False
            await transaction.commit()
            return True

    async def _judge(self, key: Key) -> tuple[Breaker, float]:
        async with self._pool.acquire() as connection, connection.transaction():
            one = await locked(connection, key, self._window)
            if one is None:
                return Breaker(), 0.0
            after, changes = advance(one.breaker, one.window, one.now, self._settings)
            for change in changes:
                await connection.execute(
                    "SELECT routing_breaker_move($1, $2, $3, $4, $5, $6, $7)",
                    key.psp,
                    key.account,
                    key.method,
                    change.after,
                    after.opened,
                    change.at,
                    change.reason,
                )
        for change in changes:
            tell = log.info if change.after is State.CLOSED else log.warning
            tell(
                "breaker_changed",
                **asdict(key),
                before=change.before.value,
                after=change.after.value,
                reason=change.reason,
            )
        return after, one.now

    async def _granted(self, connection: Connection, key: Key) -> bool:
        one = await locked(connection, key, self._window)
        if one is None or one.breaker.state is State.CLOSED:
            return True
        if not may_probe(one.breaker, one.probes, self._settings):
            return False
        await connection.execute(
            "SELECT routing_breaker_probe($1, $2, $3, $4)",
            key.psp,
            key.account,
            key.method,
            self._lease,
        )
        return True
