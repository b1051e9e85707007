"""Delivering stored events to their runs as signals, until each is delivered or parked.

Whoever dies between any two steps loses nothing: a lease runs out, and the run takes an event id
once. Safe to run in every worker.
"""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows.visibility import workflow_of

SIGNAL = "psp_event"
_BATCH = 100
_IDLE_SECONDS = 0.1

_LEASE = """
UPDATE inbox_events SET attempts = attempts + 1,
    next_at = now() + least(interval '1 second' * power(2, least(attempts, 10)), interval '5 min')
WHERE id IN (
    SELECT id FROM inbox_events
    WHERE delivered_at IS NULL AND parked IS NULL AND next_at <= now()
    ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED
) RETURNING id, payment_id, event, psp, event_id
"""
_DELIVERED = "UPDATE inbox_events SET delivered_at = now() WHERE id = $1"
_PARKED = "UPDATE inbox_events SET parked = $2 WHERE id = $1"
_RUN_IS_OVER = "SELECT final FROM payments WHERE id = $1"

log = structlog.get_logger("paysaga.inbox")


class Relay:
    def __init__(self, pool: asyncpg.Pool, client: Client) -> None:
        self._pool = pool
        self._client = client

    async def run(self) -> None:
        """Relay for ever; an outage of Postgres or Temporal is waited out."""
        while True:
            try:
                delivered = await self.sweep()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as down:
                log.warning("inbox_unreachable", error=type(down).__name__)
                delivered = 0
            if delivered == 0:
                await asyncio.sleep(_IDLE_SECONDS)

    async def sweep(self) -> int:
        """Try to deliver what is due; give how many events were tried."""
        due = await self._pool.fetch(_LEASE, _BATCH)
        await asyncio.gather(*(self._deliver(row) for row in due))
        return len(due)

    async def _deliver(self, row: asyncpg.Record) -> None:
        target = workflow_of(row["payment_id"])
        if target is None:
            await self._park(row, "not_ours")
            return
        try:
            await self._signal(target, row["event"])
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                await self._no_run(row)
            else:
                log.warning("inbox_delivery_failed", id=row["id"], error=error.status.name)
        except RuntimeError as error:
            # A client that has never reached its server says so by a plain RuntimeError.
            log.warning("inbox_delivery_failed", id=row["id"], error=str(error)[:200])
        else:
            await self._pool.execute(_DELIVERED, row["id"])

    async def _signal(self, target: str, event: Any) -> None:
        await self._client.get_workflow_handle(target).signal(SIGNAL, event)

    async def _no_run(self, row: asyncpg.Record) -> None:
        """Closed runs take no signals; a payment that is not known yet may still come."""
        over = await self._pool.fetchval(_RUN_IS_OVER, row["payment_id"])
        if over:
            await self._park(row, "run_closed")

    async def _park(self, row: asyncpg.Record, why: str) -> None:
        await self._pool.execute(_PARKED, row["id"], why)
        log.info("inbox_parked", psp=row["psp"], event_id=row["event_id"], why=why)
