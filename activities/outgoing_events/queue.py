"""The queues in the database: one for each payment, leased from its head, a brand at a time.

A lease says who sends; when its holder dies it runs out and another sends the same event again.
Only the lowest waiting number of a payment is leased, whoever asks and however many ask.
"""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from activities.outgoing_events.event import COLUMNS, JOINED

LEASE_SECONDS = 30
_KEPT_AT_ONCE = 1000

# A loose scan: one look into the index for each brand, however much waits for a dead receiver.
_DUE_BRANDS = """
WITH RECURSIVE brands AS (
    (SELECT brand FROM outgoing_events WHERE next_at IS NOT NULL ORDER BY brand LIMIT 1)
    UNION ALL
    SELECT (SELECT n.brand FROM outgoing_events n WHERE n.next_at IS NOT NULL AND n.brand > b.brand
            ORDER BY n.brand LIMIT 1)
    FROM brands b WHERE b.brand IS NOT NULL
)
SELECT brand FROM brands b WHERE EXISTS (
    SELECT FROM outgoing_events n WHERE n.brand = b.brand AND n.next_at <= now()
)
"""
# The head by a scalar, which no planner turns into a join over all that waits.
_LEASE = f"""
WITH due AS (
    SELECT n.payment_id, n.sequence FROM outgoing_events n
    WHERE n.brand = $1 AND n.next_at <= now()
      AND (n.leased_until IS NULL OR n.leased_until <= now())
      AND n.sequence = (SELECT min(head.sequence) FROM outgoing_events head
                        WHERE head.payment_id = n.payment_id AND head.state = 'waiting')
    ORDER BY n.next_at LIMIT $2 FOR UPDATE OF n SKIP LOCKED
), n AS (
    UPDATE outgoing_events SET attempts = outgoing_events.attempts + 1,
        leased_until = now() + interval '{LEASE_SECONDS} seconds'
    FROM due
    WHERE outgoing_events.payment_id = due.payment_id AND outgoing_events.sequence = due.sequence
    RETURNING outgoing_events.*
)
SELECT n.leased_until, n.attempts, {COLUMNS} FROM n {JOINED}
"""  # noqa: S608 - constants of ours
_DELIVERED = """
UPDATE outgoing_events SET state = 'delivered', delivered_at = now(), last_result = $3,
    next_at = NULL, leased_until = NULL
WHERE payment_id = $1 AND sequence = $2 AND state = 'waiting'
"""
# Whoever comes back after its lease has run out changes nothing. The payment's later numbers wait
# along, so that a look for what is due does not meet them again and again.
_FAILED = """
WITH failed AS (
    UPDATE outgoing_events SET leased_until = NULL, last_result = $3,
        state = CASE WHEN now() >= until THEN 'gave_up' ELSE 'waiting' END,
        next_at = CASE WHEN now() < until THEN now() + (0.5 + random() / 2)
            * least(interval '5 seconds' * power(2, least(greatest(attempts - 1, 0), 16)),
                    interval '1 hour') END
    WHERE payment_id = $1 AND sequence = $2 AND state = 'waiting' AND leased_until = $4
    RETURNING payment_id, sequence, state, next_at
), behind AS (
    UPDATE outgoing_events n SET next_at = f.next_at FROM failed f
    WHERE f.state = 'waiting' AND n.payment_id = f.payment_id AND n.sequence > f.sequence
      AND n.state = 'waiting'
)
SELECT state FROM failed
"""
_KEEP = """
WITH idle AS MATERIALIZED (
    SELECT payment_id, sequence FROM outgoing_events WHERE brand = $1 AND next_at IS NOT NULL
    LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE outgoing_events n SET state = 'kept', next_at = NULL FROM idle
WHERE n.payment_id = idle.payment_id AND n.sequence = idle.sequence
"""


class Queue:
    """One database round trip per call. Raises asyncpg's errors, OSError or TimeoutError."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def due_brands(self) -> Sequence[str]:
        return [row["brand"] for row in await self._pool.fetch(_DUE_BRANDS)]

    async def lease(self, brand: str, limit: int) -> Sequence[asyncpg.Record]:
        """At most `limit` heads of the brand's payments, with event.COLUMNS and the lease."""
        return await self._pool.fetch(_LEASE, brand, limit)

    async def delivered(self, leased: asyncpg.Record, result: str) -> None:
        await self._pool.execute(_DELIVERED, leased["payment_id"], leased["sequence"], result)

    async def failed(self, leased: asyncpg.Record, result: str) -> str | None:
        """Give its new state; None when the lease was no longer ours."""
        state: str | None = await self._pool.fetchval(
            _FAILED, leased["payment_id"], leased["sequence"], result, leased["leased_until"]
        )
        return state

    async def keep(self, brand: str) -> None:
        """Take what waits for a brand that has no receiver out of the queue, a batch at a time."""
        await self._pool.execute(_KEEP, brand, _KEPT_AT_ONCE)
