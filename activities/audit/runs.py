"""The registry against the runs: I8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.audit.asking import each
from activities.audit.report import Finding, finding
from workflows.domain.identity import Kind, workflow_of

_KINDS = ", ".join(f"'{kind}'" for kind in Kind)
_RUNNING = f"WorkflowType IN ({_KINDS}) AND ExecutionStatus = 'Running'"
_OPEN = """
SELECT id, status, created_at > now() - $1::interval AS young,
    EXISTS (SELECT FROM cases c WHERE c.payment_id = p.id AND c.state = 'open') AS has_case
FROM payments p WHERE NOT final ORDER BY created_at, id
"""
_STILL_OPEN = "SELECT id FROM payments WHERE id = ANY($1) AND NOT final"
_KNOWN = """
SELECT id, final AND updated_at <= now() - $2::interval AS over FROM payments WHERE id = ANY($1)
"""


@dataclass(frozen=True)
class Runs:
    """Raises RPCError, or RuntimeError before the first connection, when Temporal is away."""

    pool: asyncpg.Pool
    client: Client
    patience: timedelta
    described_at_most: int

    async def running(self) -> list[WorkflowExecution]:
        found = self.client.list_workflows(_RUNNING, page_size=1000)
        return [execution async for execution in found]

    async def of_every_payment(self, running: Sequence[WorkflowExecution]) -> Finding:
        """Of what is not over: the list of runs may lag, so whatever is missed is asked for."""
        ids = {execution.id for execution in running}
        payments = await self.pool.fetch(_OPEN, self.patience)
        missed = [row for row in payments if workflow_of(row["id"]) not in ids]
        asked = missed[: self.described_at_most]
        live = await self._live([workflow_of(row["id"]) or row["id"] for row in asked])
        idle = [row for row, alive in zip(asked, live, strict=True) if not alive]
        idle += missed[self.described_at_most :]
        still_open = await self.pool.fetch(_STILL_OPEN, [row["id"] for row in idle])
        open_ids = {row["id"] for row in still_open}
        idle = [row for row in idle if row["id"] in open_ids]
        return finding(
            "I8",
            "Every payment that is not over has a run or a case",
            f"{len(payments)} payments under way, {len(running)} runs, "
            f"{sum(row['young'] for row in idle)} about to start, "
            f"{sum(row['has_case'] for row in idle)} with a case",
            [
                f"{row['id']} ({row['status']}): no run {workflow_of(row['id'])}"
                for row in idle
                if not row["young"] and not row["has_case"]
            ],
        )

    async def without_payment(self, running: Sequence[WorkflowExecution]) -> Finding:
        payments = {execution.id: execution.id.partition("-")[2] for execution in running}
        rows = await self.pool.fetch(_KNOWN, list(payments.values()), self.patience)
        known = {row["id"]: row["over"] for row in rows}
        odd = [run for run, payment in payments.items() if known.get(payment, True)]
        live = await self._live(odd[: self.described_at_most])
        return finding(
            "I8",
            "Every run of a payment has a payment that is not over",
            f"{len(running)} runs",
            [
                f"{run}: {'its payment is over' if payments[run] in known else 'no such payment'}"
                for run, alive in zip(odd, live, strict=False)
                if alive
            ],
        )

    async def _live(self, workflow_ids: Sequence[str]) -> list[bool]:
        return await each(workflow_ids, self._is_running)

    async def _is_running(self, workflow_id: str) -> bool:
        try:
            description = await self.client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return description.status is WorkflowExecutionStatus.RUNNING
