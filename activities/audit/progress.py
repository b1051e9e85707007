"""Runs that get nowhere: I10."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecution, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from activities.audit.asking import each
from activities.audit.report import Finding, finding
from workflows.domain.card_data import has_card_data

ATTEMPTS_AT_MOST = 5
"""Of one workflow task or activity. A worker's death costs one or two; a bug costs any number."""

FAILURES_AT_MOST = 3
"""Attempts of a workflow task that has failed, rather than been lost with its worker."""

_NEXT_TRY = (
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
)
_REPORTED = "ExecutionStatus = 'Running' AND TemporalReportedProblems IS NOT NULL"


@dataclass(frozen=True)
class Progress:
    """Raises RPCError, or RuntimeError before the first connection, when Temporal is away."""

    client: Client
    looked_at_most: int

    async def getting_nowhere(self, running: Sequence[WorkflowExecution]) -> Finding:
        """What the server itself reports, and the attempts of the runs that are looked at."""
        reported = [e.id async for e in self.client.list_workflows(_REPORTED, page_size=1000)]
        rest = [e.id for e in running if e.id not in reported][: self.looked_at_most]
        looked_at = [*reported[: self.looked_at_most], *rest]
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
            description = (await handle.describe()).raw_description
            attempt = description.pending_workflow_task.attempt
            why = await self._failure(handle) if attempt >= FAILURES_AT_MOST else ""
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return ""
            raise
        if why or attempt > ATTEMPTS_AT_MOST:
            return f"{workflow_id}: its workflow task is at attempt {attempt}: {why or 'no answer'}"
        for activity in description.pending_activities:
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
        return "a message that looks like a card number" if has_card_data(message) else message
