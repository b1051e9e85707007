"""The queue in the database: what is due is leased, and marked by what became of it.

An event whose payment is unknown costs a look into the registry at growing pauses.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import asyncpg

from infra.gathering import Bounds, Gathering

_MARKS = Bounds(items=256)
# What a crash of the database forgets of these is delivered again, which changes nothing: the disk
# is not waited for.
_AT_ONCE = "set_config('synchronous_commit', 'off', true) AS at_once"
_LEASE = f"SELECT * FROM inbox_lease($1, $2, $3), {_AT_ONCE}"  # noqa: S608
_DELIVERED = f"""
UPDATE inbox_events SET delivered_at = now(), parked = NULL FROM {_AT_ONCE} WHERE id = ANY($1)
"""  # noqa: S608
_PARKED = "UPDATE inbox_events SET parked = $2 WHERE id = $1 AND delivered_at IS NULL"
_ESCALATED = "UPDATE inbox_events SET escalated_at = now() WHERE id = $1"
_SOON = (
    "UPDATE inbox_events SET next_at = now() + interval '1 second' * (0.5 + random() / 2) "
    "WHERE id = $1"
)
_LATER = "UPDATE inbox_events SET next_at = now() + inbox_pause(attempts) WHERE id = $1"
_REFUSED = """
UPDATE inbox_events SET refusals = refusals + 1, next_at = now() + inbox_pause(attempts)
WHERE id = $1 RETURNING refusals
"""
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


class Lease(list[asyncpg.Record]):
    """What is to be delivered now."""

    is_all = True
    """Whether nothing else was due."""


class Queue:
    """One database round trip per call. Raises asyncpg's errors, OSError or TimeoutError."""

    def __init__(self, pool: asyncpg.Pool, patience: timedelta) -> None:
        """`patience`: after which an event is overdue."""
        self._pool = pool
        self._patience = patience
        self._marks = Gathering(self._mark, _MARKS)

    async def lease(self, most: int) -> Lease:
        """What was never tried, and beside it a share of what waits: neither starves the other."""
        share = max(1, most // 2)
        due = Lease(await self._pool.fetch(_LEASE, most, share, self._patience))
        fresh = sum(row["is_fresh"] for row in due)
        due.is_all = fresh < most and len(due) - fresh < share
        return due

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
        """Those that end together are marked together."""
        await self._marks.add(row["id"])

    async def _mark(self, ids: Sequence[int]) -> Sequence[None]:
        await self._pool.execute(_DELIVERED, ids)
        return [None] * len(ids)

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
