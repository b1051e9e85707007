"""Speaking to the runs: start one, give it a command and wait a while for what it says."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import structlog
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.registry.claims import Claim
from activities.registry.runs import began_with, start_run, start_with
from api.http.errors import FieldError, four_eyes, invalid, unavailable
from api.http.shares import elsewhere
from infra.namespace import lacking, missing_attributes
from infra.temporal import wrong_setting
from workflows.domain.deposits import AuthorizeCommand, DepositOrder, FirstCommand
from workflows.domain.identity import workflow_of
from workflows.domain.records import Record
from workflows.domain.seals import NOT_SEALED, Seals
from workflows.starting import Order
from workflows.visibility import SEARCH_ATTRIBUTES

START_SECONDS = 8.0
_AGAIN_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)

log = structlog.get_logger("paysaga.runs")


class RunClosed(Exception):
    """The run has ended, or there never was one."""


class Obeyed(Exception):
    """The run began with this very command, obeyed it and has ended; its answer was lost."""


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
    by: str | None = None
    """Who orders it. None: it is a question, which anybody may ask."""
    begins: Order | None = None
    """Of a payment whose run may not have begun: it begins with this command."""

    @property
    def update_id(self) -> str:
        """Of name, brand and key; these are hashed, since a key may be long and say anything."""
        of = f"{self.claim.brand}\n{self.claim.key}"
        return f"{self.name}-{hashlib.sha256(of.encode()).hexdigest()[:32]}"


class Runs:
    """Every payment's run, behind one client. What a person orders is sealed on its way."""

    def __init__(self, client: Client, queue: str, answer_seconds: float, seals: Seals) -> None:
        self._client = client
        self._seals = seals
        self._queue = queue
        self._answer_seconds = answer_seconds
        self._fit = False

    async def start(self, order: Order) -> None:
        """Once, however often it is asked. Raises Problem `unavailable`."""
        try:
            with _outage_is_a_problem():
                async with elsewhere(), asyncio.timeout(START_SECONDS):
                    await start_run(self._client, self._queue, order)
        except TimeoutError:
            raise unavailable("Temporal") from None

    async def tell(self, command: Command) -> Record | None:
        """What the run says, or None if it takes longer than a caller is kept waiting.

        Raises RunClosed, Obeyed, Refusal, and the Problems `four-eyes`, `invalid-request`,
        `unavailable`.
        """
        try:
            with _outage_is_a_problem():
                async with elsewhere(), asyncio.timeout(self._answer_seconds):
                    return await self._sealed(command)
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            return None
        except WorkflowUpdateFailedError as failed:
            raise _refusal(failed) from None

    async def _sealed(self, command: Command) -> Record:
        arguments = [] if command.argument is None else [command.argument]
        if command.by is None:
            return await self._ask(command, arguments, command.update_id)
        seal = self._seals.seal(command.payment_id, command.name, command.argument, by=command.by)
        arguments = [*arguments, seal]
        try:
            return await self._ask(command, arguments, command.update_id)
        except WorkflowUpdateFailedError as failed:
            if not _is_not_sealed(failed):
                raise
        # Somebody guessed the key, and has used up its id: nobody guesses the seal.
        another = f"{command.update_id}-{seal.mac[:16]}"
        return await self._ask(command, arguments, another)

    async def _ask(self, command: Command, arguments: list[Any], update_id: str) -> Record:
        """Again, where a fact came as the run was about to end: the server has its task done anew,
        and forgets what else was asked of it."""
        for pause in _AGAIN_SECONDS:
            try:
                return await self._ask_once(command, arguments, update_id)
            except RPCError as error:
                if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                    raise
            await asyncio.sleep(pause)
        return await self._ask_once(command, arguments, update_id)

    async def _ask_once(self, command: Command, arguments: list[Any], update_id: str) -> Record:
        run = self._client.get_workflow_handle(str(workflow_of(command.payment_id)))
        try:
            if command.begins is not None:
                return await self._begin(command.begins, command, arguments, update_id)
            record: Record = await run.execute_update(
                command.name, args=arguments, id=update_id, result_type=Record
            )
            return record
        except WorkflowAlreadyStartedError:
            pass
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        # The run may have obeyed this very command before it ended.
        given: WorkflowUpdateHandle[Record] = run.get_update_handle(update_id, result_type=Record)
        try:
            return await given.result()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        if await began_with(self._client, command.payment_id, update_id):
            raise Obeyed
        raise RunClosed

    async def _begin(
        self, order: Order, command: Command, arguments: list[Any], update_id: str
    ) -> Record:
        """A command to go ahead is in the history of its run from the start."""
        if isinstance(order, DepositOrder) and isinstance(command.argument, AuthorizeCommand):
            first = FirstCommand(authorize=command.argument, seal=arguments[-1])
            order = replace(order, first=first)
        record: Record = await self._client.execute_update_with_start_workflow(
            command.name,
            args=arguments,
            start_workflow_operation=start_with(self._queue, order, update_id),
            id=update_id,
            result_type=Record,
        )
        return record

    async def reachable(self) -> bool:
        """Whether Temporal says within two seconds that it is well."""
        try:
            async with asyncio.timeout(2.0):
                return await self._client.service_client.check_health()
        except (RPCError, RuntimeError, TimeoutError):
            return False

    async def lacks(self) -> str | None:
        """What Temporal lacks before payments can run there; None for nothing, from then on."""
        if not await self.reachable():
            return "Temporal is out of reach"
        try:
            if not self._fit and (
                missing := await missing_attributes(self._client, SEARCH_ATTRIBUTES)
            ):
                return lacking(self._client.namespace, missing)
        except (RPCError, RuntimeError) as error:
            return str(wrong_setting(error) or "Temporal is out of reach")
        self._fit = True
        return None


@contextmanager
def _outage_is_a_problem() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        # What a client raises whose first connection fails.
        raise unavailable("Temporal") from error


def _is_not_sealed(failed: WorkflowUpdateFailedError) -> bool:
    return isinstance(failed.cause, ApplicationError) and failed.cause.type == NOT_SEALED


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
        case kind if kind == NOT_SEALED:
            log.error("seal_refused", hint="API and workers need the same PAYSAGA_SEALS_KEYS")
            return unavailable("the run, which does not know this API's seal,")
        case "IllegalState":
            return Refusal(cause.message)
    return RunClosed()
