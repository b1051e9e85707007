"""Answers the Psp port: whatever is retried, reset or begun anew, a PSP is asked once.

Each question is written down before it leaves us and its end after it (`asked.py`); what was asked
before is not asked again, and what is excluded by something that came first is not asked at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import structlog
from temporalio.exceptions import ApplicationError

from activities.psp.asked import Asked
from activities.psp.insistence import insisting
from workflows.domain.psp import (
    COMPLETE,
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Finding,
    Instruction,
    Lookup,
    NotSent,
    Operation,
    Outcome,
    PayoutInstruction,
    RefundInstruction,
    SellInstruction,
    VoidInstruction,
)
from workflows.ports import Psp

Asking = TypeVar("Asking", bound=Instruction)

log = structlog.get_logger("paysaga.psp")


class AskedOnce(Psp):
    """Raises ApplicationError of type NotWrittenDown when our own database does not answer: nothing
    was sent; and what the PSP's own port raises."""

    def __init__(self, asked: Asked, psp: Psp) -> None:
        self._asked = asked
        self._psp = psp

    async def authorize(self, instruction: AuthorizeInstruction) -> Outcome:
        return await self._once(Operation.AUTHORIZE, instruction, self._psp.authorize)

    async def sell(self, instruction: SellInstruction) -> Outcome:
        """Written down as an authorization, which it is: one excludes another."""
        return await self._once(Operation.AUTHORIZE, instruction, self._psp.sell)

    async def complete(self, instruction: CompleteInstruction) -> Outcome:
        """Written down as a step of its own, about the authorization."""
        return await self._once(COMPLETE, instruction, self._psp.complete)

    async def capture(self, instruction: CaptureInstruction) -> Outcome:
        return await self._once(Operation.CAPTURE, instruction, self._psp.capture)

    async def void(self, instruction: VoidInstruction) -> Outcome:
        return await self._once(Operation.VOID, instruction, self._psp.void)

    async def refund(self, instruction: RefundInstruction) -> Outcome:
        return await self._once(Operation.REFUND, instruction, self._psp.refund)

    async def payout(self, instruction: PayoutInstruction) -> Outcome:
        return await self._once(Operation.PAYOUT, instruction, self._psp.payout)

    async def look_up(self, lookup: Lookup) -> Finding:
        """A PSP forgets keys after a time: since whatever run asked first, not since this one."""
        since = await insisting(lambda: self._asked.since(lookup.key))
        if since is not None:
            lookup = replace(lookup, asked_at=since.isoformat())
        return await self._psp.look_up(lookup)

    async def _once(
        self,
        operation: str,
        instruction: Asking,
        call: Callable[[Asking], Awaitable[Outcome]],
    ) -> Outcome:
        instead = await insisting(lambda: self._asked.ask(operation, instruction))
        if instead is not None:
            log.info(
                "psp_not_asked",
                operation=operation,
                psp=instruction.account.psp,
                key=instruction.key,
                trace_id=instruction.trace_id,
                outcome=instead.kind,
            )
            return instead
        try:
            outcome = await call(instruction)
        except ApplicationError as refused:
            # Before anything was sent: this worker does not speak to that PSP, or it cannot.
            unsent = NotSent(refused.message)
            await insisting(lambda: self._asked.answered(operation, instruction, unsent))
            raise
        try:
            return await insisting(lambda: self._asked.answered(operation, instruction, outcome))
        except ApplicationError:
            # The run knows it, and says it again with whatever it records next.
            return outcome
