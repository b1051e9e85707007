"""Telling events again: some of a payment, or all of a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

# One statement, so that a payment's later numbers that still wait are told right behind.
_REPLAY = """
WITH again AS (
    UPDATE outgoing_events SET state = 'waiting', next_at = now(),
        until = now() + interval '3 days',
        attempts = 0, delivered_at = NULL
    WHERE payment_id = $1 AND sequence BETWEEN $2 AND $3
    RETURNING sequence
), waiting AS (
    UPDATE outgoing_events SET next_at = now()
    WHERE payment_id = $1 AND NOT sequence BETWEEN $2 AND $3 AND state = 'waiting'
)
SELECT sequence FROM again ORDER BY sequence
"""
# In the order of their time and at most so many: whoever wants more goes on from `next_from`.
_REPLAY_WINDOW = """
WITH found AS (
    SELECT payment_id, sequence, created_at,
        row_number() OVER (ORDER BY created_at, payment_id, sequence) AS number
    FROM outgoing_events
    WHERE brand = $1 AND created_at >= $2 AND created_at < $3 AND ($4::text IS NULL OR type = $4)
    ORDER BY created_at, payment_id, sequence LIMIT $5 + 1
), again AS (
    UPDATE outgoing_events n SET state = 'waiting', next_at = now(),
        until = now() + interval '3 days',
        attempts = 0, delivered_at = NULL
    FROM found f
    WHERE n.payment_id = f.payment_id AND n.sequence = f.sequence AND f.number <= $5
    RETURNING n.payment_id
), waiting AS (
    UPDATE outgoing_events n SET next_at = now()
    WHERE n.state = 'waiting' AND n.payment_id IN (SELECT payment_id FROM found)
      AND NOT EXISTS (SELECT FROM found f WHERE f.payment_id = n.payment_id
                      AND f.sequence = n.sequence AND f.number <= $5)
)
SELECT (SELECT count(*) FROM again) AS events,
    (SELECT count(DISTINCT payment_id) FROM again) AS payments,
    (SELECT created_at FROM found WHERE number > $5) AS next_from
"""
_LAST = 2_147_483_647


@dataclass(frozen=True, kw_only=True)
class Window:
    """Events of a brand from `since` on and before `until`."""

    brand: str
    since: datetime
    until: datetime
    type: str | None = None
    limit: int = 10_000


@dataclass(frozen=True)
class Replayed:
    events: int
    payments: int
    next_from: datetime | None
    """Where to go on when there are more than the limit."""


class Replays:
    """One database round trip per call."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def replay(self, payment_id: str, first: int, last: int | None = None) -> Sequence[int]:
        """Tell these numbers of a payment again, in order; give those there are.

        What is waiting anyway is tried at once, with three more days.
        """
        rows = await self._pool.fetch(_REPLAY, payment_id, first, last or _LAST)
        return [row["sequence"] for row in rows]

    async def replay_window(self, window: Window) -> Replayed:
        """Tell all that happened in a time again, each payment's events in order."""
        row = await self._pool.fetchrow(
            _REPLAY_WINDOW, window.brand, window.since, window.until, window.type, window.limit
        )
        assert row is not None  # noqa: S101 - it selects one row
        return Replayed(**row)
