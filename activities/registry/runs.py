"""Starting the run of an order, once, however often and by whomever it is asked; and its end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TypedDict

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowExecutionStatus
from temporalio.common import TypedSearchAttributes, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from workflows.domain.identity import workflow_of
from workflows.policies import TASK_TIMEOUT
from workflows.starting import Order, start_of

_BEGUN_BY = "begun_by"


class _Options(TypedDict):
    args: Sequence[Any]
    id: str
    task_queue: str
    id_reuse_policy: WorkflowIDReusePolicy
    id_conflict_policy: WorkflowIDConflictPolicy
    task_timeout: Any
    static_summary: str
    static_details: str
    search_attributes: TypedSearchAttributes
    memo: Any


async def start_run(
    client: Client, queue: str, order: Order, signal: str | None = None, *arguments: Any
) -> str:
    """Start the run unless it runs or has run (unless it may run again), perhaps with a signal,
    which reaches one that runs as well; give its workflow id.

    Raises temporalio.service.RPCError (or RuntimeError before the first connection) when Temporal
    is out of reach.
    """
    options = _options(queue, order)
    with suppress(WorkflowAlreadyStartedError):
        await client.start_workflow(
            start_of(order).workflow, **options, start_signal=signal, start_signal_args=arguments
        )
    return options["id"]


def start_with(queue: str, order: Order, begins: str) -> WithStartWorkflowOperation[Any, Any]:
    """The same together with the update of this id, once for each call."""
    options = _options(queue, order)
    options["memo"] = {**options["memo"], _BEGUN_BY: begins}
    return WithStartWorkflowOperation(start_of(order).workflow, **options)


async def began_with(client: Client, payment_id: str, update_id: str) -> bool:
    """Whether its run began with this update. Raises RPCError likewise."""
    try:
        found = await client.get_workflow_handle(str(workflow_of(payment_id))).describe()
        begun_by: str = await found.memo_value(_BEGUN_BY, "")
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return begun_by == update_id


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


def _options(queue: str, order: Order) -> _Options:
    start = start_of(order)
    return _Options(
        args=[order],
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
    )
