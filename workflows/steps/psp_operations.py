"""Talking to PSPs: ask once, then look. The truth comes by answer, by webhook or by lookup."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from temporalio import workflow

from workflows import policies
from workflows.domain.events import PspEvent
from workflows.domain.identity import next_key
from workflows.domain.payments import Attempt
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    CompleteInstruction,
    Declined,
    Finding,
    Instruction,
    NotSent,
    Pending,
    Ready,
    Unknown,
)

from .gates import Gate, HeldUp, at_once
from .psp_accounting import PspAccounting
from .psp_calls import Answer, Certain
from .psp_doubts import PspDoubts
from .psp_events import PspEvents
from .psp_instructions import PspInstructions
from .psp_looks import PspLooks


class PspOperations:
    """All that one payment's run asks of PSPs and hears of them.

    What asks raises what excludes the question, as `PspInstructions.put` does.
    """

    def __init__(self, payment_id: str, tell_of_doubt: Callable[[], Awaitable[None]]) -> None:
        """`tell_of_doubt` is awaited when a doubt begins to take long."""
        self._instructions = PspInstructions(payment_id)
        self._events = PspEvents()
        self._looks = PspLooks(self._instructions, self._events)
        self._doubts = PspDoubts(self._instructions, self._looks, self, tell_of_doubt)
        self._accounting = PspAccounting(self._instructions, self._looks, self.settle)

    # --- asking -------------------------------------------------------------------------------

    async def ask(self, instruction: Instruction) -> Certain | Pending:
        """Ask once; clear up a lost answer. Pending means that the PSP promised a result."""
        outcome = await self._instructions.put(instruction, instruction)
        return await self._made_certain(instruction, instruction, outcome)

    async def complete(
        self, instruction: AuthorizeInstruction, how: CompleteInstruction
    ) -> Certain | Pending:
        """Go on with an authorization; the answer is that to the authorization itself.

        That a completion never left us ends nothing: the authorization is pending as before. So it
        is while captures are stopped by hand, if to complete it is to take the money.
        """
        began = workflow.now()
        try:
            outcome = await self._instructions.put(instruction, how)
        except HeldUp:
            return Pending(how.psp_ref or "")
        for pause in policies.COMPLETION_PAUSES:
            if not isinstance(outcome, NotSent):
                break
            await workflow.sleep(pause, summary="The PSP could not be reached; try again")
            outcome = await self._instructions.put(instruction, how)
        if isinstance(outcome, NotSent):
            return Pending(how.psp_ref or "")
        answer = await self._made_certain(instruction, how, outcome)
        if isinstance(answer, Pending) and answer.redirect_url is not None:
            self._events.use_up_approvals(instruction.key, began)
        return answer

    async def settle(self, instruction: Instruction) -> Certain:
        """Ask until it is certain: unsent is sent again under the same key, promised is awaited."""
        answer = await self.settle_when_it_may(instruction, at_once)
        if answer is None:
            raise AssertionError("what may go at once was given up")
        return answer

    async def settle_when_it_may(
        self,
        instruction: Instruction,
        gate: Gate,
        when_pending: Callable[[Pending], Awaitable[None]] | None = None,
    ) -> Certain | None:
        """The same, through a gate where it may have to wait. None: it was given up there."""
        answer, renumbered = await gate(partial(self.ask, instruction)), False
        for pause in policies.UNSENT_PAUSES:
            if not isinstance(answer, NotSent):
                break
            if answer.key_is_dead and renumbered:
                break
            if answer.key_is_dead:
                renumbered = True
                instruction = replace(instruction, key=next_key(instruction.key))
            else:
                await workflow.sleep(pause, summary="The PSP could not be reached; try again")
            answer = await gate(partial(self.ask, instruction))
        if isinstance(answer, Pending):
            if when_pending is not None:
                await when_pending(answer)
            answer = await self.result(instruction, answer.psp_ref)
        return answer

    # --- finding out --------------------------------------------------------------------------

    async def result(self, instruction: Instruction, psp_ref: str) -> Certain:
        """What became of a pending instruction, however long that takes."""
        while True:
            found = await self.result_unless(instruction, psp_ref, lambda: False, None)
            if found is None:
                raise AssertionError("an uninterrupted wait ended without a result")
            if not isinstance(found, Ready):
                return found

    async def result_unless(
        self,
        instruction: Instruction,
        psp_ref: str,
        stop: Callable[[], bool],
        deadline: datetime | None,
        rhythm: Iterator[timedelta] | None = None,
    ) -> Certain | Ready | None:
        """What became of a pending instruction; None if `stop` or the deadline came first.

        `rhythm`: of the looks, where an earlier wait for it goes on.
        """
        found = await self._looks.promised(instruction, psp_ref, stop, deadline, rhythm)
        if isinstance(found, Approved | Declined):
            return await self._concluded(instruction, found)
        return found

    async def look_up(self, instruction: Instruction, psp_ref: str | None) -> Finding:
        """What the PSP knows of it at this moment. It moves nothing and concludes nothing."""
        return await self._looks.look_up(instruction, psp_ref)

    # --- what is known ------------------------------------------------------------------------

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The last certain word on each instruction."""
        return self._instructions.attempts

    def follow(self, attempts: Iterable[Attempt]) -> None:
        """What the books say was done is no news any more."""
        self._instructions.follow(attempts)

    def waits_for(self, key: str) -> bool:
        """Whether this instruction was asked and has no certain answer yet."""
        return self._instructions.waits_for(key)

    # --- facts from outside -------------------------------------------------------------------

    async def hear(self, event: PspEvent, came: datetime) -> None:
        """Take in a webhook's fact, once however often it comes. `came`: before it was checked."""
        if not self._events.is_new(event):
            return
        if isinstance(self._instructions.answer_to(event.key), Approved | Declined):
            await self._accounting.account_for(event)
        else:
            self._events.keep(event, came)

    @property
    def has_unread(self) -> bool:
        """Whether facts wait that nobody has taken."""
        return self._events.has_unread

    async def account_for_the_rest(self) -> None:
        """Nothing heard is lost: what still lies here agrees with what we know, or is a case."""
        while self._events.has_unread:
            await self._accounting.account_for(self._events.take_first())

    # --- inside -------------------------------------------------------------------------------

    async def _made_certain(
        self, instruction: Instruction, question: Instruction, outcome: Answer
    ) -> Certain | Pending:
        answer = outcome
        if isinstance(answer, Unknown):
            answer = await self._doubts.clear_up(instruction, question)
        if isinstance(answer, Pending):
            return answer
        return await self._concluded(instruction, answer)

    async def _concluded(self, instruction: Instruction, outcome: Certain) -> Certain:
        self._instructions.conclude(instruction, outcome)
        while not isinstance(outcome, NotSent) and (event := self._events.take(instruction.key)):
            await self._accounting.account_for(event)
        return outcome
