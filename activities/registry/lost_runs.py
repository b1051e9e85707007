"""Payments that nobody works on: their runs were terminated, deleted or lost with Temporal's disk.

Each becomes a case with the money at risk; a person has a new run take over (`rebuild`). What was
never begun is begun again by itself.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import structlog
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.registry.orders import read_order
from activities.registry.run_lost import open_case
from activities.registry.runs import end_of_run, start_run
from workflows.domain.identity import Kind, workflow_of

_KINDS = ", ".join(f"'{kind}'" for kind in Kind)
_RUNNING = f"WorkflowType IN ({_KINDS}) AND ExecutionStatus = 'Running'"
_OPEN = """
SELECT p.id, p.kind, p.status, p.run_order,
    p.updated_at < now() - interval '10 minutes' AS has_rested, p.version = 1 AND NOT EXISTS (
        SELECT FROM psp_instructions i WHERE i.payment_id = p.id
    ) AND NOT EXISTS (SELECT FROM transfers t WHERE t.payment_id = p.id) AS untouched
FROM payments p
WHERE NOT p.final AND p.updated_at < now() - $1::interval AND NOT registry_sleeps(p)
  AND NOT EXISTS (
    SELECT FROM cases c WHERE c.payment_id = p.id AND c.state = 'open' AND c.kind = 'run_lost'
)
ORDER BY p.updated_at
"""
_STILL_OPEN = "SELECT NOT final FROM payments WHERE id = $1"
_PARKED_FOR_NOTHING = """
SELECT p.id FROM payments p JOIN cases c ON c.id = p.facts ->> 'case_id'
WHERE NOT p.final AND c.state = 'resolved'
"""

log = structlog.get_logger("paysaga.registry")


@dataclass(frozen=True)
class LostRuns:
    """Raises asyncpg.PostgresError, OSError, RPCError or RuntimeError when one side is away."""

    pool: asyncpg.Pool
    client: Client
    queue: str
    patience: timedelta = timedelta(seconds=15)
    """Between the row and its run, and for the list of runs to catch up."""
    at_most: int = 500
    """Runs asked about one by one, each time."""
    doubts: int = 20
    """Beside them, of those that the list of runs has and that have rested for ten minutes."""

    async def find(self) -> int:
        """See to every payment without a run; give how many there were."""
        running = {
            execution.id async for execution in self.client.list_workflows(_RUNNING, page_size=1000)
        }
        payments = await self.pool.fetch(_OPEN, self.patience)
        missed = [row for row in payments if workflow_of(row["id"]) not in running]
        listed = [r for r in payments if r["has_rested"] and workflow_of(r["id"]) in running]
        # The list may keep a run that was deleted: some are asked about all the same, in turn.
        doubted = random.sample(listed, min(self.doubts, len(listed)))
        return sum([await self._sees_to(row) for row in (*missed[: self.at_most], *doubted)])

    async def resume(self) -> int:
        """Tell payouts that wait for a case about their player that it is resolved."""
        rows: Sequence[asyncpg.Record] = await self.pool.fetch(_PARKED_FOR_NOTHING)
        for row in rows:
            try:
                await self.client.get_workflow_handle(str(workflow_of(row["id"]))).signal("resume")
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
        return len(rows)

    async def _sees_to(self, row: asyncpg.Record) -> bool:
        run = await end_of_run(self.client, row["id"])
        if run == "running" or not await self.pool.fetchval(_STILL_OPEN, row["id"]):
            return False
        if run == "gone" and row["untouched"] and await self._starts_again(row):
            return True
        await open_case(self.pool, row, run)
        log.error("run_lost", payment_id=row["id"], run=run)
        return True

    async def _starts_again(self, row: asyncpg.Record) -> bool:
        """False for an order that this code cannot read: a person's affair, and not the others'."""
        try:
            order = read_order(row["kind"], row["run_order"])
        except ValueError:
            return False
        await start_run(self.client, self.queue, order)
        log.info("run_started_again", payment_id=row["id"])
        return True
