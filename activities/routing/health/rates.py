"""How often a PSP may be asked, as people set it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from temporalio.client import Client

from activities.routing.health.queue_limit import limit_of_queue, limit_queue

_SET = """
INSERT INTO routing_rates (psp, per_second, reason, set_by) VALUES ($1, $2, $3, $4)
"""
_HISTORY = """
SELECT psp, per_second, reason, set_by, set_at FROM routing_rates
WHERE psp = $1 ORDER BY id DESC LIMIT $2
"""


@dataclass(frozen=True, kw_only=True)
class RateChange:
    psp: str
    per_second: float | None
    """Calls of all kinds together; None is no limit of ours."""
    reason: str
    set_by: str
    set_at: datetime


@dataclass(frozen=True, kw_only=True)
class Rate:
    psp: str
    per_second: float | None
    """What Temporal heeds now; None is no limit of ours."""
    latest: RateChange | None
    """What was asked for last. If it is another rate, it was not applied, or was set elsewhere."""


class Rates:
    def __init__(self, pool: asyncpg.Pool, client: Client) -> None:
        self._pool = pool
        self._client = client

    async def put(self, psp: str, per_second: float | None, *, reason: str, by: str) -> Rate:
        """Above 0, or None for no limit. It is written down first: whoever changed it can be found.

        Raises temporalio.service.RPCError, and RuntimeError while no server was ever there.
        """
        await self._pool.execute(_SET, psp, per_second, reason, by)
        await limit_queue(self._client, psp, per_second, reason=reason, by=by)
        return await self.rate(psp)

    async def rate(self, psp: str) -> Rate:
        """Raises as above."""
        per_second = await limit_of_queue(self._client, psp)
        history = await self.history(psp, limit=1)
        return Rate(psp=psp, per_second=per_second, latest=history[0] if history else None)

    async def history(self, psp: str, limit: int = 50) -> Sequence[RateChange]:
        """Newest first."""
        return [RateChange(**dict(row)) for row in await self._pool.fetch(_HISTORY, psp, limit)]
