"""The events as they are read: a feed in the order in which they were written.

The feed ends before the oldest transaction that is still writing, so that a reader who goes on
from where it stopped misses nothing that commits late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from activities.outgoing_events.event import COLUMNS, JOINED, Event, event_of
from activities.outgoing_events.wanted import (
    ALL_BRANDS,
    Wanted,
    conditions_of,
    cursor_after,
)

_DELIVERY = "n.tx, n.state, n.attempts, n.next_at, n.delivered_at, n.last_result"
_HORIZON = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
# One row at least, so that an empty page tells how far behind it is too.
_FEED = f"""
WITH page AS (
    SELECT {COLUMNS}, {_DELIVERY} FROM outgoing_events n {JOINED}
    WHERE n.tx < {_HORIZON} {{conditions}} ORDER BY n.tx, n.payment_id, n.sequence LIMIT {{limit}}
), held AS (
    SELECT greatest(extract(epoch FROM clock_timestamp() - n.created_at), 0)::float8 AS behind
    FROM outgoing_events n WHERE n.tx >= {_HORIZON} {{visible}} ORDER BY n.tx LIMIT 1
)
SELECT page.*, coalesce((SELECT behind FROM held), 0) AS behind
FROM (SELECT) AS always LEFT JOIN page ON true ORDER BY tx, payment_id, sequence
"""  # noqa: S608 - constants of ours


@dataclass(frozen=True)
class Told:
    event: Event
    state: str
    attempts: int
    next_at: datetime | None
    delivered_at: datetime | None
    last_result: str | None


@dataclass(frozen=True)
class Page:
    items: Sequence[Told]
    next_cursor: str | None
    """Where to go on, also when there is nothing more yet. None: nothing has been found so far."""
    behind_seconds: float
    """The age of the oldest event that is there and not shown yet: an older transaction is still
    writing. 0: nothing is held up."""


class Feed:
    """One database round trip per call."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def page(self, wanted: Wanted) -> Page:
        """The oldest events after the cursor. Raises BadCursor."""
        conditions, values = conditions_of(wanted)
        values.append(wanted.limit)
        visible = "" if ALL_BRANDS in wanted.brands else "AND n.brand = ANY($1)"
        query = _FEED.format(conditions=conditions, limit=f"${len(values)}", visible=visible)
        found = await self._pool.fetch(query, *values)
        rows = [row for row in found if row["payment_id"] is not None]
        return Page(
            [_told(dict(row)) for row in rows],
            cursor_after(rows[-1]) if rows else wanted.cursor,
            found[0]["behind"],
        )


def _told(row: dict[str, Any]) -> Told:
    return Told(
        event_of(row),
        row["state"],
        row["attempts"],
        row["next_at"],
        row["delivered_at"],
        row["last_result"],
    )
