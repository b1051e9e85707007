"""Payments of the past with their receipts and what became of them, for judging a policy by."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from activities.routing.learning.recorded import Row

_AT_ONCE = 1000
_PATIENCE_SECONDS = 120.0

_PAYMENTS = """
SELECT payment_id, kind, brand, region, method, player_id, amount_minor, currency,
    facts::text AS facts, receipt::text AS receipt, outcome
FROM routing_first_attempts
WHERE created_at >= $1 AND created_at < $2
  AND ($3::text[] IS NULL OR brand = ANY ($3)) AND NOT brand = ANY ($4::text[])
  AND (receipt IS NOT NULL OR jsonb_array_length(attempts) > 0)
ORDER BY created_at DESC, payment_id LIMIT $5
"""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Payments opened from `begin` up to, and not at, `end`."""

    begin: datetime
    end: datetime
    brands: Collection[str] | None = None
    """None: every brand."""
    without: Collection[str] = ()


@dataclass
class Reading:
    """The newest payments first, at most `most`; afterwards it knows how many there were."""

    pool: asyncpg.Pool
    traffic: Traffic
    most: int
    payments: int = 0
    complete: bool = True

    async def batches(self) -> AsyncGenerator[Sequence[Row], None]:
        brands = None if self.traffic.brands is None else list(self.traffic.brands)
        async with self.pool.acquire() as connection, connection.transaction():
            cursor = await connection.cursor(
                _PAYMENTS,
                self.traffic.begin,
                self.traffic.end,
                brands,
                list(self.traffic.without),
                self.most + 1,
                timeout=_PATIENCE_SECONDS,
            )
            while found := await cursor.fetch(_AT_ONCE, timeout=_PATIENCE_SECONDS):
                self.complete = self.payments + len(found) <= self.most
                rows = [Row(*one) for one in found[: self.most - self.payments]]
                self.payments += len(rows)
                yield rows
