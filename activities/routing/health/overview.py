"""The breakers and what became of them, as operators see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from workflows.domain.routing.breaker import Breaker, Settings, State, open_for

_LISTED = """
SELECT psp, account, method, state, since, opened, failed_in_a_row
FROM routing_breakers ORDER BY psp, account, method
"""
_EVENTS = """
SELECT id, at, psp, account, method, before, after, reason FROM routing_health_events
WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2
"""


@dataclass(frozen=True, kw_only=True)
class BreakerSeen:
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


class BreakerReads:
    def __init__(self, pool: asyncpg.Pool, settings: Settings | None = None) -> None:
        self._pool = pool
        self._settings = settings or Settings()

    async def listed(self) -> Sequence[BreakerSeen]:
        return [
            BreakerSeen(
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
