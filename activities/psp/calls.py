"""Speaks to PSPs: one question whose end is always one of the outcomes. `once.py` sees to it that
it is asked once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TypeVar, get_args

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.psp.catalog import Catalog
from activities.psp.contract import (
    Adapter,
    Authorizes,
    Captures,
    Completes,
    PaysOut,
    Refunds,
    Resolves,
    Sells,
    Voids,
)
from activities.psp.methods import refused_by_its_methods
from activities.psp.watch import Nobody, Watch
from activities.psp.wire import InDoubt, NeverSent
from workflows.domain.identity import SALE
from workflows.domain.psp import (
    COMPLETE,
    Approved,
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Declined,
    Finding,
    Instruction,
    Lookup,
    NoStatus,
    NotSent,
    Operation,
    Outcome,
    PayoutInstruction,
    Pending,
    RefundInstruction,
    Reply,
    SellInstruction,
    Unknown,
    VoidInstruction,
)
from workflows.ports import Psp
from workflows.steps.psp_calls import NOT_CAPABLE

BEAT_SECONDS = 2.0
"""Well below the heartbeat timeout: one lost beat is no dead worker."""

DEADLINE_SECONDS = 11.0
"""Below the activity's own, also for a plugin that needs two exchanges (a token, then the call)."""

log = structlog.get_logger("paysaga.psp")

Answered = TypeVar("Answered")


class PspCalls(Psp):
    """Finds the adapter and asks it. What the PSP says comes back; doubt is a value too.

    Raises ApplicationError of type NotCapable, before anything is sent, when the PSP cannot do
    what is asked or this worker does not speak to it.
    """

    def __init__(
        self,
        catalog: Catalog,
        watch: Watch | None = None,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
        beat_seconds: float = BEAT_SECONDS,
    ) -> None:
        self._catalog = catalog
        self._watch = watch or Nobody()
        self._deadline = deadline_seconds
        self._beat = beat_seconds

    async def authorize(self, instruction: AuthorizeInstruction) -> Outcome:
        """What begins here can begin elsewhere: Declined by the PSP's table of methods, or NotSent
        while its breaker is open, without asking."""
        adapter = self._adapter(instruction)
        if not isinstance(adapter, Authorizes):
            raise _not_capable(instruction, Operation.AUTHORIZE)
        return self._spared(Operation.AUTHORIZE, instruction, adapter) or await self._tell(
            Operation.AUTHORIZE, instruction, adapter.authorize(instruction)
        )

    async def sell(self, instruction: SellInstruction) -> Outcome:
        """Where the PSP does not, it is held: the answer says so, and a capture follows."""
        adapter = self._adapter(instruction)
        if not isinstance(adapter, Sells):
            return await self.authorize(instruction)
        return self._spared(SALE, instruction, adapter) or await self._tell(
            SALE, instruction, adapter.sell(instruction)
        )

    async def complete(self, instruction: CompleteInstruction) -> Outcome:
        """Where the PSP has no second call it is looked at; where it cannot be looked at either, it
        is Pending as before."""
        adapter = self._adapter(instruction)
        if isinstance(adapter, Completes):
            return await self._tell(COMPLETE, instruction, adapter.complete(instruction))
        if not isinstance(adapter, Resolves):
            return Pending(instruction.psp_ref or "")
        return _as_outcome(await self.look_up(_lookup_of(instruction)), instruction)

    async def capture(self, instruction: CaptureInstruction) -> Outcome:
        """Whatever the breaker says, as all that was begun at this PSP."""
        adapter = self._adapter(instruction)
        if not isinstance(adapter, Captures):
            raise _not_capable(instruction, Operation.CAPTURE)
        return await self._tell(Operation.CAPTURE, instruction, adapter.capture(instruction))

    async def void(self, instruction: VoidInstruction) -> Outcome:
        adapter = self._adapter(instruction)
        if not isinstance(adapter, Voids):
            raise _not_capable(instruction, Operation.VOID)
        return await self._tell(Operation.VOID, instruction, adapter.void(instruction))

    async def refund(self, instruction: RefundInstruction) -> Outcome:
        adapter = self._adapter(instruction)
        if not isinstance(adapter, Refunds):
            raise _not_capable(instruction, Operation.REFUND)
        return await self._tell(Operation.REFUND, instruction, adapter.refund(instruction))

    async def payout(self, instruction: PayoutInstruction) -> Outcome:
        """As `authorize`, another PSP may be asked instead."""
        adapter = self._adapter(instruction)
        if not isinstance(adapter, PaysOut):
            raise _not_capable(instruction, Operation.PAYOUT)
        return self._spared(Operation.PAYOUT, instruction, adapter) or await self._tell(
            Operation.PAYOUT, instruction, adapter.payout(instruction)
        )

    async def look_up(self, lookup: Lookup) -> Finding:
        """NoStatus where the PSP cannot be asked. What went wrong is Unknown, and counts for no
        breaker."""
        adapter = self._adapter(lookup)
        if not isinstance(adapter, Resolves):
            return NoStatus()
        started = time.monotonic()
        finding: Finding
        try:
            finding = await self._answer(adapter.look_up(lookup), get_args(Finding))
        except (NeverSent, InDoubt) as error:
            finding = Unknown(str(error))
        except Exception as error:  # noqa: BLE001 - a plugin's bug must not end the process
            finding = _bewildered(lookup, error)
        _write_down("look_up", lookup, finding, started)
        return finding

    async def _tell(
        self, operation: str, instruction: Instruction, call: Awaitable[Reply]
    ) -> Outcome:
        started = time.monotonic()
        ended = self._watch.begun(instruction.account, _method_of(instruction))
        outcome: Outcome | None = None
        try:
            outcome = await self._answer(call, get_args(Reply))
        except NeverSent as error:
            outcome = NotSent(str(error))
        except InDoubt as error:
            outcome = Unknown(str(error), error.answered)
        except Exception as error:  # noqa: BLE001 - whatever a plugin does: money may have moved
            outcome = _bewildered(instruction, error)
        finally:
            ended(outcome)
        _write_down(operation, instruction, outcome, started)
        return outcome

    def _spared(
        self,
        operation: str,
        instruction: AuthorizeInstruction | PayoutInstruction,
        adapter: Adapter,
    ) -> Declined | NotSent | None:
        """What begins at this PSP can begin at another one as well. What has begun here goes on."""
        spared: Declined | NotSent | None = refused_by_its_methods(adapter, instruction)
        if spared is None and self._watch.refuses(instruction.account, instruction.method):
            spared = NotSent("its circuit breaker is open")
        if spared is None:
            return None
        _write_down(operation, instruction, spared, time.monotonic())
        return spared

    async def _answer(self, call: Awaitable[Answered], kinds: tuple[type, ...]) -> Answered:
        try:
            async with asyncio.timeout(self._deadline), beating(self._beat):
                answer = await call
        except TimeoutError:
            raise InDoubt(f"no answer within {self._deadline:g} s") from None
        if not isinstance(answer, kinds):
            raise TypeError("a plugin's answer is a value of workflows.domain.psp")
        return answer

    def _adapter(self, question: Instruction | Lookup) -> Adapter:
        psp = question.account.psp
        if psp not in self._catalog.names:
            raise ApplicationError(
                f"this worker does not speak to {psp}", type=NOT_CAPABLE, non_retryable=True
            )
        return self._catalog.adapter(psp)


def _lookup_of(instruction: CompleteInstruction) -> Lookup:
    return Lookup(
        key=instruction.authorize_key,
        operation=Operation.AUTHORIZE,
        account=instruction.account,
        psp_ref=instruction.psp_ref,
        trace_id=instruction.trace_id,
        amount=instruction.amount,
    )


def _method_of(instruction: Instruction) -> str:
    match instruction:
        case AuthorizeInstruction(method=method) | PayoutInstruction(method=method):
            return method
        case _:
            return ""


def _as_outcome(finding: Finding, instruction: CompleteInstruction) -> Outcome:
    """Looking asks for nothing: what it could not find out is still to come."""
    if isinstance(finding, Approved | Declined | Pending):
        return finding
    return Pending(instruction.psp_ref or "")


@asynccontextmanager
async def beating(seconds: float = BEAT_SECONDS) -> AsyncIterator[None]:
    """Tell Temporal that the call still lasts, so that a dead worker is told from a slow PSP."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(seconds)
            activity.heartbeat()

    heart = asyncio.create_task(beat())
    try:
        yield
    finally:
        heart.cancel()


def _not_capable(question: Instruction | Lookup, what: str) -> ApplicationError:
    return ApplicationError(
        f"{question.account.psp} cannot {what}", type=NOT_CAPABLE, non_retryable=True
    )


def _bewildered(question: Instruction | Lookup, error: Exception) -> Unknown:
    # The type alone: a message of code we do not know may quote a body or a secret.
    kind, trace = type(error).__name__, error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
    log.error(
        "psp_plugin_failed",
        psp=question.account.psp,
        key=question.key,
        trace_id=question.trace_id,
        error=kind,
        where=where,
    )
    return Unknown(f"the plugin failed ({kind})")


def _write_down(
    operation: str, question: Instruction | Lookup, outcome: Outcome | Finding, started: float
) -> None:
    log.info(
        "psp_called",
        operation=str(operation),
        psp=question.account.psp,
        merchant_account=question.account.id,
        key=question.key,
        trace_id=question.trace_id,
        outcome=outcome.kind,
        code=outcome.code if isinstance(outcome, Declined) else None,
        why=outcome.why if isinstance(outcome, NotSent | Unknown) else None,
        milliseconds=round((time.monotonic() - started) * 1000),
    )
