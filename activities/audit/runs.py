"""The registry against the runs: I8, and runs that get nowhere: I10."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from activities.audit.asking import each
from activities.audit.card_numbers import has_number
from activities.audit.report import Finding, finding
from workflows.domain.payments import Kind
from workflows.visibility import workflow_of

ATTEMPTS_AT_MOST = 5
"""Of one workflow task or activity. A worker's death costs one or two; a bug costs any number."""

FAILURES_AT_MOST = 3
"""Attempts of a workflow task that has failed, rather than been lost with its worker."""

_NEXT_TRY = (
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
)
_KINDS = ", ".join(f"'{kind}'" for kind in Kind)
_RUNNING = f"WorkflowType IN ({_KINDS}) AND ExecutionStatus = 'Running'"
_REPORTED = "ExecutionStatus = 'Running' AND TemporalReportedProblems IS NOT NULL"
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

    async def getting_nowhere(self, running: Sequence[WorkflowExecution]) -> Finding:
        """What the server itself reports, and the attempts of the runs that are looked at."""
        reported = [e.id async for e in self.client.list_workflows(_REPORTED, page_size=1000)]
        rest = [e.id for e in running if e.id not in reported][: self.described_at_most]
        looked_at = [*reported[: self.described_at_most], *rest]
        troubles = await each(looked_at, self._trouble)
        return finding(
            "I10",
            "No workflow task and no activity fails again and again",
            f"{len(looked_at)} of {len(running)} runs looked at, {len(reported)} reported",
            [trouble for trouble in troubles if trouble],
        )

    async def _trouble(self, workflow_id: str) -> str:
        handle = self.client.get_workflow_handle(workflow_id)
        try:
            told = (await handle.describe()).raw_description
            attempt = told.pending_workflow_task.attempt
            why = await self._failure(handle) if attempt >= FAILURES_AT_MOST else ""
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return ""
            raise
        if why or attempt > ATTEMPTS_AT_MOST:
            return f"{workflow_id}: its workflow task is at attempt {attempt}: {why or 'no answer'}"
        for activity in told.pending_activities:
            if activity.attempt > ATTEMPTS_AT_MOST:
                name = activity.activity_type.name
                return f"{workflow_id}: {name} is at attempt {activity.attempt}"
        return ""

    async def _failure(self, handle: WorkflowHandle[Any, Any]) -> str:
        """Why the last workflow task failed; nothing when it timed out, as under a dead worker."""
        events = (await handle.fetch_history()).events
        last = next(event for event in reversed(events) if event.event_type not in _NEXT_TRY)
        if not last.HasField("workflow_task_failed_event_attributes"):
            return ""
        message = last.workflow_task_failed_event_attributes.failure.message or "it failed"
        return "a message that looks like a card number" if has_number(message) else message

    async def _live(self, workflow_ids: Sequence[str]) -> list[bool]:
        return await each(workflow_ids, self._is_running)

    async def _is_running(self, workflow_id: str) -> bool:
        try:
            told = await self.client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return told.status is WorkflowExecutionStatus.RUNNING
