"""The circuit breakers that all workers share: what each of them saw, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy as Connection

from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.accounts import ANY
from workflows.domain.routing.breaker import (
    Breaker,
    Settings,
    State,
    Window,
    advance,
    may_probe,
    open_for,
)

WINDOW_SECONDS = 60.0
LEASE_SECONDS = 30.0
"""Longer than any call to a PSP: a probe that is not answered by then has lost its worker."""

_TROUBLED = "SELECT psp, account, method FROM routing_breakers WHERE state <> 'closed'"
_LISTED = """
SELECT psp, account, method, state, since, opened, failed_in_a_row
FROM routing_breakers ORDER BY psp, account, method
"""
_EVENTS = """
SELECT id, at, psp, account, method, before, after, reason FROM routing_health_events
WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2
"""

log = structlog.get_logger("paysaga.health")


@dataclass(frozen=True, order=True)
class Key:
    psp: str
    account: str
    method: str
    """`*` is for calls that have none: captures, voids, refunds."""


@dataclass(frozen=True)
class Observation:
    key: Key
    ago: float
    """Seconds since the call began."""
    failed: bool
    """No answer, or none in good time. A decline is an answer."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A breaker, as operators see it."""

    psp: str
    account: str
    method: str
    state: State
    since: datetime
    opened: int
    """How often it opened without closing in between."""
    failed_in_a_row: int
    open_seconds: int
    """How long it stays open, if it is."""


@dataclass(frozen=True, kw_only=True)
class Event:
    id: int
    at: datetime
    psp: str
    account: str
    method: str
    before: State
    after: State
    reason: str


@dataclass(frozen=True)
class _Locked:
    breaker: Breaker
    window: Window
    probes: int
    now: float


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

    async def listed(self) -> Sequence[Standing]:
        return [
            Standing(
                **dict(row) | {"state": State(row["state"])},
                open_seconds=open_for(Breaker(opened=row["opened"]), self._settings),
            )
            for row in await self._pool.fetch(_LISTED)
        ]

    async def events(self, *, before: int | None = None, limit: int = 50) -> Sequence[Event]:
        """Newest first."""
        return [
            Event(**dict(row) | {"before": State(row["before"]), "after": State(row["after"])})
            for row in await self._pool.fetch(_EVENTS, before, limit)
        ]

    async def _judge(self, key: Key) -> tuple[Breaker, float]:
        async with self._pool.acquire() as connection, connection.transaction():
            locked = await self._locked(connection, key)
            if locked is None:
                return Breaker(), 0.0
            after, changes = advance(locked.breaker, locked.window, locked.now, self._settings)
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
        return after, locked.now

    async def _granted(self, connection: Connection, key: Key) -> bool:
        locked = await self._locked(connection, key)
        if locked is None or locked.breaker.state is State.CLOSED:
            return True
        if not may_probe(locked.breaker, locked.probes, self._settings):
            return False
        await connection.execute(
            "SELECT routing_breaker_probe($1, $2, $3, $4)",
            key.psp,
            key.account,
            key.method,
            self._lease,
        )
        return True

    async def _locked(self, connection: Connection, key: Key) -> _Locked | None:
        row = await connection.fetchrow(
            "SELECT * FROM routing_breaker($1, $2, $3, $4)",
            key.psp,
            key.account,
            key.method,
            self._window,
        )
        if row is None:
            return None
        return _Locked(
            Breaker(state=State(row["state"]), since=row["since"], opened=row["opened"]),
            Window(
                answered=row["answered"],
                failed=row["failed"],
                failed_in_a_row=row["failed_in_a_row"],
            ),
            row["probes"],
            row["now"],
        )
