"""Starting the run of an order: once, however often and by whomever it is asked."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from workflows.visibility import Order, start_of

TASK_TIMEOUT = timedelta(seconds=3)
"""After so long a dead worker's task goes to another one."""


async def start_run(client: Client, queue: str, order: Order) -> str:
    """Start the run unless it runs or has run (unless it may run again); give its workflow id.

    Raises temporalio.service.RPCError (or RuntimeError before the first connection) when Temporal
    is out of reach.
    """
    start = start_of(order)
    with suppress(WorkflowAlreadyStartedError):
        await client.start_workflow(
            start.workflow,
            order,
            id=start.id,
            task_queue=queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE
            if start.again
            else WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            task_timeout=TASK_TIMEOUT,
            static_summary=start.summary,
            static_details=start.details,
            search_attributes=start.search_attributes,
            memo=start.memo,
            start_delay=start.delay,
        )
    return start.id
