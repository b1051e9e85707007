"""What a caller does with a run: give it a command, hear its record, wait for what it waits for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from tests.workflows.time_travel import TimeMachine
from workflows.domain.deposits import AuthorizeCommand, CaptureCommand, CompleteCommand
from workflows.domain.money import Money
from workflows.domain.payouts import Approval, ApprovalDecision
from workflows.domain.records import Record, Result

Handle = WorkflowHandle[Any, Result]


async def command(handle: Handle, name: str, *arguments: Any, under: str | None = None) -> Record:
    """Again where the server has a task done anew, as the API does it."""
    while True:
        try:
            record: Record = await handle.execute_update(
                name, args=arguments, id=under or name, result_type=Record
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                raise
        else:
            return record


async def authorize(handle: Handle) -> Record:
    return await command(handle, "authorize", AuthorizeCommand())


async def complete(handle: Handle, under: str = "complete", **parameters: str) -> Record:
    """The player is back from the PSP's page, with what it gave their browser."""
    return await command(handle, "complete", CompleteCommand(parameters=parameters), under=under)


async def capture(handle: Handle, amount: Money | None = None, under: str = "capture") -> Record:
    return await command(handle, "capture", CaptureCommand(amount=amount), under=under)


async def accepted(handle: Handle) -> Any:
    """Of a payout or refund; one that is refused at once may have ended before it is asked."""
    try:
        return await command(handle, "accepted")
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    return await handle.result()


async def decide(
    handle: Handle, decision: ApprovalDecision, by: str = "approver-1", **more: Any
) -> Record:
    approval = Approval(decision=decision, approver=by, **more)
    record: Record = await handle.execute_update("approve", approval, result_type=Record)
    return record


async def refusal_of(asking: Awaitable[Any]) -> ApplicationError:
    """Why a command was refused."""
    try:
        await asking
    except WorkflowUpdateFailedError as refused:
        assert isinstance(refused.cause, ApplicationError)
        return refused.cause
    raise AssertionError("the command was obeyed")


async def moved(machine: TimeMachine, handle: Handle, by: timedelta) -> None:
    """Move the clock once the run waits on a timer after a lost answer."""
    await waits_on_timer(handle, "look what became")
    await machine.forward(handle, by)


async def waits_on_timer(handle: Handle, why: str) -> None:
    await _event(handle, lambda event: _started(event, "timer_started_event_attributes", why))


async def task_fails(handle: Handle) -> str:
    """Wait until the run has stopped visibly; what the Web UI shows."""
    event = await _event(
        handle, lambda event: event.HasField("workflow_task_failed_event_attributes")
    )
    return str(event.workflow_task_failed_event_attributes.failure.message)


async def _event(handle: Handle, wanted: Callable[[Any], bool]) -> Any:
    async for event in handle.fetch_history_events(wait_new_event=True):
        if wanted(event):
            return event
    raise AssertionError("the run ended without it")


def _started(event: Any, attributes: str, why: str) -> bool:
    return event.HasField(attributes) and why in event.user_metadata.summary.data.decode()
