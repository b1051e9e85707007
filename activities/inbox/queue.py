"""The queue in the database: what is due is leased, and marked by what became of it.

An event whose payment is unknown costs a look into the registry at growing pauses.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import asyncpg

_LEASE = """
WITH due AS (
    SELECT e.id, p.id IS NOT NULL AS known
    FROM inbox_events e LEFT JOIN payments p ON p.id = e.payment_id
    WHERE e.delivered_at IS NULL AND e.parked IS NULL AND {lane}
    LIMIT $1 FOR UPDATE OF e SKIP LOCKED
)
UPDATE inbox_events e SET attempts = e.attempts + 1,
    next_at = now() + CASE WHEN due.known THEN interval '4 seconds' ELSE {pause} END
FROM due WHERE e.id = due.id
RETURNING e.id, e.payment_id, e.event, e.psp, e.event_id, e.attempts, due.known,
    e.escalated_at IS NULL AND e.received_at < now() - $2::interval AS overdue
"""
_PAUSE = (
    "interval '60 seconds' * least(1, power(2, least(e.attempts, 10)) / 120)"
    " * (0.75 + random() / 4)"
)
_LANES = tuple(
    _LEASE.format(lane=lane, pause=_PAUSE)
    for lane in (
        "e.attempts = 0 ORDER BY e.id",
        "e.attempts > 0 AND e.next_at <= now() ORDER BY e.next_at",
    )
)
_DELIVERED = "UPDATE inbox_events SET delivered_at = now(), parked = NULL WHERE id = $1"
_PARKED = "UPDATE inbox_events SET parked = $2 WHERE id = $1 AND delivered_at IS NULL"
_ESCALATED = "UPDATE inbox_events SET escalated_at = now() WHERE id = $1"
_SOON = (
    "UPDATE inbox_events SET next_at = now() + interval '1 second' * (0.5 + random() / 2) "
    "WHERE id = $1"
)
_LATER = f"UPDATE inbox_events e SET next_at = now() + {_PAUSE} WHERE id = $1"  # noqa: S608
_REFUSED = (
    f"UPDATE inbox_events e SET refusals = refusals + 1, next_at = now() + {_PAUSE} "  # noqa: S608
    "WHERE id = $1 RETURNING refusals"
)
_FOUND = r"""
UPDATE inbox_events SET payment_id = f.payment_id, next_at = now() FROM (
    SELECT i.payment_id FROM psp_instructions i
    WHERE i.psp = $2 AND i.psp_ref = ANY ($3::text[])
    ORDER BY i.payment_id LIKE 'in\_%' DESC, i.asked_at LIMIT 1
) AS f WHERE id = $1 RETURNING f.payment_id
"""
_ADMIT = """
SELECT inbox_admit(id, $2, psp, coalesce(meaning, event_id), coalesce(gist, event_id), $3, $4)
FROM inbox_events WHERE id = $1
"""
_RUN_IS_OVER = "SELECT final FROM payments WHERE id = $1"


class Queue:
    """One database round trip per call, two to lease. Raises asyncpg's errors, OSError or
    TimeoutError."""

    def __init__(self, pool: asyncpg.Pool, patience: timedelta) -> None:
        """`patience`: after which an event is overdue."""
        self._pool = pool
        self._patience = patience

    async def lease(self, most: int) -> Sequence[asyncpg.Record]:
        """What was never tried, and beside it a share of what waits: neither starves the other."""
        fresh, waiting = _LANES
        return [
            *await self._pool.fetch(fresh, most, self._patience),
            *await self._pool.fetch(waiting, max(1, most // 2), self._patience),
        ]

    async def found(self, row: asyncpg.Record, ids: Sequence[str]) -> str | None:
        """The payment that one of the PSP's ids is of; the event is that payment's from now on."""
        payment_id: str | None = await self._pool.fetchval(_FOUND, row["id"], row["psp"], ids)
        return payment_id

    async def admit(
        self, row: asyncpg.Record, payment_id: str, at_most: int, beyond: int
    ) -> str | None:
        """Why it is parked all the same; None: it is not."""
        why: str | None = await self._pool.fetchval(_ADMIT, row["id"], payment_id, at_most, beyond)
        return why

    async def run_is_over(self, payment_id: str) -> bool:
        return bool(await self._pool.fetchval(_RUN_IS_OVER, payment_id))

    async def delivered(self, row: asyncpg.Record) -> None:
        await self._pool.execute(_DELIVERED, row["id"])

    async def soon(self, row: asyncpg.Record) -> None:
        await self._pool.execute(_SOON, row["id"])

    async def later(self, row: asyncpg.Record) -> None:
        await self._pool.execute(_LATER, row["id"])

    async def refused(self, row: asyncpg.Record) -> int:
        """How often by now."""
        tries: int = await self._pool.fetchval(_REFUSED, row["id"])
        return tries

    async def escalated(self, row: asyncpg.Record) -> None:
        await self._pool.execute(_ESCALATED, row["id"])

    async def parked(self, row: asyncpg.Record, why: str) -> None:
        await self._pool.execute(_PARKED, row["id"], why)
