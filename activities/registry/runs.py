"""Starting the run of an order, once, however often and by whomever it is asked; and its end."""

from __future__ import annotations

from contextlib import suppress

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from workflows.domain.identity import workflow_of
from workflows.policies import TASK_TIMEOUT
from workflows.starting import Order, start_of


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


async def end_of_run(client: Client, payment_id: str) -> str:
    """How its last run ended; gone, when Temporal knows of none."""
    try:
        found = await client.get_workflow_handle(str(workflow_of(payment_id))).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return "gone"
        raise
    if found.status is None or found.status is WorkflowExecutionStatus.RUNNING:
        return "running"
    return found.status.name.lower()
