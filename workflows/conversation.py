"""Talking to PSPs: ask once, then look. The truth comes by answer, by webhook or by lookup.

An unknown outcome is never repeated to another PSP and never becomes a failure by time alone: it
is cleared up, for as long as that takes, and a person is told when it takes long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow

from . import doubts, policies, questions
from .domain.psp import (
    Approved,
    AuthorizeInstruction,
    CompleteInstruction,
    Declined,
    Finding,
    Instruction,
    NoStatus,
    NotFound,
    NotSent,
    Outcome,
    Pending,
    PspEvent,
    Ready,
    Unknown,
    VoidInstruction,
)
from .hearing import Certain, Hearing
from .visibility import step_of

_VOIDS_BY_ID_ALONE = "a-psp-that-voids-by-id-alone-is-asked-again"


class Conversation(Hearing):
    """All that one payment's run says to PSPs and hears of them."""

    def __init__(self, tell_of_doubt: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._tell_of_doubt = tell_of_doubt

    async def ask(self, instruction: Instruction) -> Certain | Pending:
        """Ask once; clear up a lost answer. Pending means that the PSP promised a result."""
        outcome = await self._call(instruction, instruction)
        return await self._made_certain(instruction, instruction, outcome)

    async def complete(
        self, instruction: AuthorizeInstruction, how: CompleteInstruction
    ) -> Certain | Pending:
        """Go on with an authorization; the answer is that to the authorization itself.

        That a completion never left us ends nothing: the authorization is pending as before.
        """
        began = workflow.now()
        outcome = await self._call(instruction, how)
        for pause in policies.COMPLETION_PAUSES:
            if not isinstance(outcome, NotSent):
                break
            await workflow.sleep(pause, summary="The PSP could not be reached; try again")
            outcome = await self._call(instruction, how)
        if isinstance(outcome, NotSent):
            return Pending(how.psp_ref or "")
        answer = await self._made_certain(instruction, how, outcome)
        if isinstance(answer, Pending) and answer.redirect_url is not None:
            self._use_up_approvals(instruction, began)
        return answer

    async def settle(
        self,
        instruction: Instruction,
        when_pending: Callable[[Pending], Awaitable[None]] | None = None,
    ) -> Certain:
        """Ask until it is certain: unsent is sent again under the same key, promised is awaited."""
        return await self._insist(instruction, await self.ask(instruction), when_pending)

    async def _insist(
        self,
        instruction: Instruction,
        answer: Certain | Pending,
        when_pending: Callable[[Pending], Awaitable[None]] | None = None,
    ) -> Certain:
        for pause in policies.UNSENT_PAUSES:
            if not isinstance(answer, NotSent):
                break
            await workflow.sleep(pause, summary="The PSP could not be reached; try again")
            answer = await self.ask(instruction)
        if isinstance(answer, Pending):
            if when_pending is not None:
                await when_pending(answer)
            answer = await self._result(instruction, answer.psp_ref)
        return answer

    async def _result(self, instruction: Instruction, psp_ref: str) -> Certain:
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
        rhythm, silent = rhythm or policies.pending_rhythm(), 0
        while True:
            finding = await self._learn(instruction, psp_ref, next(rhythm), stop, deadline)
            if finding is None or isinstance(finding, Ready):
                return finding
            if isinstance(finding, Approved | Declined):
                return await self._conclude(instruction, finding)
            if isinstance(finding, NoStatus):
                rhythm, silent = policies.silent_rhythm(), silent + 1
                if silent == policies.CASE_OF_SILENCE_AFTER:
                    await doubts.in_doubt(instruction)

    # --- inside -------------------------------------------------------------------------------

    async def _made_certain(
        self, instruction: Instruction, question: Instruction, outcome: Outcome
    ) -> Certain | Pending:
        answer = outcome
        if isinstance(answer, Unknown):
            answer = await self._clear_up(instruction, question)
        return answer if isinstance(answer, Pending) else await self._conclude(instruction, answer)

    async def _call(self, instruction: Instruction, question: Instruction) -> Outcome:
        self._will_ask(instruction)
        outcome = await questions.call(question)
        if isinstance(outcome, Approved) and not questions.agree(instruction, outcome):
            await doubts.contradicted(instruction, outcome)
            return Unknown("the PSP approved another amount")
        return outcome

    async def _clear_up(self, instruction: Instruction, question: Instruction) -> Certain | Pending:
        """Of the instruction, by whichever question it was asked last."""
        psp_ref = _ref_of(question) if question is not instruction else None
        never_arrived = 0
        for looks, pause in enumerate(policies.doubt_rhythm()):
            if looks == policies.TELL_OF_DOUBT_AFTER:
                await self._tell_of_doubt()
            if looks == policies.CASE_OF_DOUBT_AFTER:
                await doubts.in_doubt(instruction)
            finding = await self._learn(instruction, psp_ref, pause, lambda: False, None)
            if isinstance(finding, Approved | Declined | Pending):
                return finding
            if isinstance(finding, Ready) and question is instruction:
                return Pending(finding.psp_ref)
            if isinstance(finding, Ready) or _may_be_repeated(finding):
                outcome = await self._call(instruction, question)
                # That the repetition never left us says nothing about the first one.
                if not isinstance(outcome, Unknown | NotSent):
                    return outcome
            never_arrived += isinstance(finding, NotFound)
            if isinstance(finding, NotFound) and never_arrived >= policies.NEVER_ARRIVED_AFTER:
                outcome = await self._close_the_door(instruction, question, finding)
                if not isinstance(outcome, Unknown):
                    return outcome
        raise AssertionError("the rhythm of looking ended")

    async def _close_the_door(
        self, instruction: Instruction, question: Instruction, finding: NotFound
    ) -> Outcome:
        """The PSP knows nothing of it: close the door behind it, or send it again."""
        again = finding.safe_to_repeat or isinstance(instruction, VoidInstruction)
        if isinstance(instruction, AuthorizeInstruction):
            void = questions.void_of(instruction, instruction.amount, None)
            voided = await self.ask(void)
            # Runs from before this was so kept asking for the void.
            if not (again and isinstance(voided, NotSent) and workflow.patched(_VOIDS_BY_ID_ALONE)):
                again = False
                voided = await self._insist(void, voided)
            if isinstance(voided, Approved):
                return NotSent("it never reached the PSP and was voided there by our reference")
        if again:
            outcome = await self._call(instruction, question)
            # That the repetition never left us says nothing about the first one.
            if not isinstance(outcome, NotSent):
                return outcome
        return Unknown("the PSP knows nothing of it, which proves nothing")

    async def _learn(
        self,
        instruction: Instruction,
        psp_ref: str | None,
        pause: timedelta,
        stop: Callable[[], bool],
        deadline: datetime | None,
    ) -> Finding | None:
        """Listen for a while, then look. None when stopped or past the deadline."""
        rest = pause if deadline is None else min(pause, deadline - workflow.now())
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: stop() or self._has_word_of(instruction),
                timeout=max(rest, timedelta(milliseconds=1)),
                timeout_summary=f"Until we look what became of {step_of(instruction.key)}",
            )
        event = self._take(instruction)
        if event is not None:
            return await self._believe(instruction, event)
        if stop():
            return None
        finding = await self.look_up(instruction, psp_ref)
        settled = isinstance(finding, Approved | Declined)
        if not settled and deadline is not None and workflow.now() >= deadline:
            return None
        return finding

    async def look_up(self, instruction: Instruction, psp_ref: str | None) -> Finding:
        """What the PSP knows of it at this moment. It moves nothing and concludes nothing."""
        asked_at = self._first_asked(instruction)
        finding = await questions.look_up(instruction, psp_ref, asked_at)
        if isinstance(finding, Approved) and not questions.agree(instruction, finding):
            await doubts.contradicted(instruction, finding)
            return Unknown("the PSP knows another amount")
        return finding

    async def _believe(self, instruction: Instruction, event: PspEvent) -> Finding:
        if not questions.fits(instruction, event):
            await doubts.contradictory(event, instruction)
            return Unknown("a webhook disagreed with what we asked")
        return event.reply


def _ref_of(question: Instruction) -> str:
    return (question.psp_ref or "") if isinstance(question, CompleteInstruction) else ""


def _may_be_repeated(finding: Finding | None) -> bool:
    return isinstance(finding, NoStatus) and finding.safe_to_repeat
