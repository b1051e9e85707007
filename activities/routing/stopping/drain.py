"""Letting parked payments go on once their stop is lifted: oldest first, at the rate that was set.

Whoever dies between any two steps loses nothing: a payment that was released and whose run was
not told is told by the next one. Safe to run in every worker: the rate is that of all together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import structlog
from temporalio.service import RPCError

from infra.pauses import Pause
from infra.postgres import OUTAGES

_TICK_SECONDS = 0.1
_IDLE_SECONDS = 1.0
"""Between two looks while nothing is let go; what a rate gives in it is not lost."""
_OUTAGE_SECONDS = 1.0
_LEASE_SECONDS = 10.0
"""Longer than telling a batch takes, also while the server is slow."""
_BATCH = 100
_AT_ONCE = 20

log = structlog.get_logger("paysaga.drain")

Tell = Callable[[str], Awaitable[bool]]
"""Tells the run of a payment that it may go on; whether there was one."""


class Drainer:
    def __init__(
        self, pool: asyncpg.Pool, tell: Tell, *, lease_seconds: float = _LEASE_SECONDS
    ) -> None:
        self._pool = pool
        self._tell = tell
        self._lease = lease_seconds

    async def run(self) -> None:
        """For ever; an outage of Postgres or Temporal is waited out."""
        pause = Pause(_TICK_SECONDS, _IDLE_SECONDS)
        while True:
            try:
                due, released = await self.drain()
            except OUTAGES as down:
                log.warning("drain_unreachable", error=type(down).__name__)
                await asyncio.sleep(_OUTAGE_SECONDS)
            else:
                seconds = pause.after(found=due > 0)
                await asyncio.sleep(seconds if due == released else _OUTAGE_SECONDS)

    async def drain(self) -> tuple[int, int]:
        """Let go what is due at this moment: how many that were, and how many could be told; the
        others will be later."""
        due = await self._pool.fetch("SELECT * FROM routing_drain($1, $2)", _BATCH, self._lease)
        released = 0
        for start in range(0, len(due), _AT_ONCE):
            released += await self._told(due[start : start + _AT_ONCE])
        if due:
            log.debug("parked_released", payments=released, later=len(due) - released)
        return len(due), released

    async def _told(self, rows: Sequence[asyncpg.Record]) -> int:
        done = await asyncio.gather(*(self._release(row) for row in rows))
        return sum(done)

    async def _release(self, row: asyncpg.Record) -> bool:
        payment_id = row["payment"]
        try:
            found = await self._tell(payment_id)
        except (RPCError, RuntimeError) as error:
            # The lease runs out, and it is tried again: no payment is given up for an outage.
            why = error.status.name if isinstance(error, RPCError) else type(error).__name__
            log.warning("resume_failed", payment_id=payment_id, error=why)
            return False
        await self._pool.execute(
            "SELECT routing_told($1, $2, $3)", payment_id, row["stop"], not found
        )
        return True
