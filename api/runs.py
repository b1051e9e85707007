"""Speaking to the runs: start one, give it a command and wait a while for what it says."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.registry.requests import Claim
from activities.registry.runs import start_run
from api.errors import FieldError, four_eyes, invalid, unavailable
from workflows.domain.payments import Record
from workflows.visibility import Order, workflow_of

START_SECONDS = 8.0


class RunClosed(Exception):
    """The run has ended, or there never was one."""


@dataclass(eq=False)
class Refusal(Exception):
    """The run refused a command in its present state."""

    message: str


@dataclass(frozen=True)
class Command:
    """An update of a run. The same claim gives the same id, so that asking again joins in."""

    payment_id: str
    name: str
    claim: Claim
    argument: Any = None

    @property
    def update_id(self) -> str:
        of = f"{self.claim.brand}\n{self.claim.key}"
        return f"{self.name}-{hashlib.sha256(of.encode()).hexdigest()[:32]}"


class Runs:
    def __init__(self, client: Client, queue: str, answer_seconds: float) -> None:
        self._client = client
        self._queue = queue
        self._answer_seconds = answer_seconds

    async def start(self, order: Order) -> None:
        """Once, however often it is asked. Raises Problem `unavailable`."""
        try:
            with _outage_is_a_problem():
                async with asyncio.timeout(START_SECONDS):
                    await start_run(self._client, self._queue, order)
        except TimeoutError:
            raise unavailable("Temporal") from None

    async def tell(self, command: Command) -> Record | None:
        """What the run says, or None if it takes longer than a caller is kept waiting.

        Raises RunClosed, Refusal, and the Problems `four-eyes`, `invalid-request`, `unavailable`.
        """
        run = self._client.get_workflow_handle(str(workflow_of(command.payment_id)))
        try:
            with _outage_is_a_problem():
                async with asyncio.timeout(self._answer_seconds):
                    return await self._ask(run, command)
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            return None
        except WorkflowUpdateFailedError as failed:
            raise _refusal(failed) from None

    async def _ask(self, run: WorkflowHandle[Any, Any], command: Command) -> Record:
        arguments = [] if command.argument is None else [command.argument]
        try:
            record: Record = await run.execute_update(
                command.name, args=arguments, id=command.update_id, result_type=Record
            )
            return record
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        # The run may have obeyed this very command before it ended.
        given: WorkflowUpdateHandle[Record] = run.get_update_handle(
            command.update_id, result_type=Record
        )
        try:
            return await given.result()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        raise RunClosed

    async def reachable(self) -> bool:
        try:
            async with asyncio.timeout(2.0):
                return await self._client.service_client.check_health()
        except (RPCError, RuntimeError, TimeoutError):
            return False


@contextmanager
def _outage_is_a_problem() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        # What a client raises whose first connection fails.
        raise unavailable("Temporal") from error


def _refusal(failed: WorkflowUpdateFailedError) -> Exception:
    cause = failed.cause
    if not isinstance(cause, ApplicationError):
        return RunClosed()
    match cause.type:
        case "FourEyes":
            return four_eyes()
        case "InvalidAmount":
            return invalid(FieldError("/amount", cause.message))
        case "InvalidDecision":
            return invalid(FieldError("/until", cause.message))
        case "IllegalState":
            return Refusal(cause.message)
    return RunClosed()
