"""Talking to PSPs: ask once, then look. The truth comes by answer, by webhook or by lookup.

An unknown outcome is never repeated to another PSP and never becomes a failure by time alone: it
is cleared up, for as long as that takes, and a person is told when it takes long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow

from . import doubts, policies, questions
from .domain.payments import Attempt
from .domain.psp import (
    Approved,
    AuthorizeInstruction,
    Declined,
    Finding,
    Instruction,
    NotFound,
    NotSent,
    Outcome,
    Pending,
    PspEvent,
    Unknown,
    VoidInstruction,
)

Certain = Approved | Declined | NotSent


class Conversation:
    """All that one payment's run says to PSPs and hears of them."""

    def __init__(self, tell_of_doubt: Callable[[], Awaitable[None]]) -> None:
        self.attempts: tuple[Attempt, ...] = ()
        self._tell_of_doubt = tell_of_doubt
        self._heard: list[PspEvent] = []
        self._event_ids: set[str] = set()
        self._concluded: dict[str, Certain] = {}

    # --- facts from outside -------------------------------------------------------------------

    def hear(self, event: PspEvent) -> None:
        """Take in a webhook's fact, once however often it comes."""
        if event.event_id not in self._event_ids:
            self._event_ids.add(event.event_id)
            self._heard.append(event)

    @property
    def has_unread(self) -> bool:
        return bool(self._heard)

    async def account_for_the_rest(self) -> None:
        """Nothing heard is lost: what still lies here agrees with what we know, or is a case."""
        while self._heard:
            event = self._heard.pop(0)
            known = self._concluded.get(event.key)
            agrees = known is not None and (
                isinstance(event.reply, Pending) or event.reply.kind == known.kind
            )
            if not agrees:
                await doubts.unexpected(event)

    # --- asking -------------------------------------------------------------------------------

    async def ask(self, instruction: Instruction) -> Certain | Pending:
        """Ask once; clear up a lost answer. Pending means that the PSP promised a result."""
        outcome = await questions.call(instruction)
        if isinstance(outcome, Approved) and not questions.agree(instruction, outcome):
            await doubts.contradicted(instruction, outcome)
            outcome = Unknown("the PSP approved another amount")
        answer = await self._clear_up(instruction) if isinstance(outcome, Unknown) else outcome
        return answer if isinstance(answer, Pending) else self._conclude(instruction, answer)

    async def settle(
        self,
        instruction: Instruction,
        when_pending: Callable[[Pending], Awaitable[None]] | None = None,
    ) -> Certain:
        """Ask until it is certain: unsent is sent again under the same key, promised is awaited."""
        answer = await self.ask(instruction)
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
        found = await self.result_unless(instruction, psp_ref, lambda: False, None)
        if found is None:
            raise AssertionError("an uninterrupted wait ended without a result")
        return found

    async def result_unless(
        self,
        instruction: Instruction,
        psp_ref: str,
        stop: Callable[[], bool],
        deadline: datetime | None,
    ) -> Certain | None:
        """What became of a pending instruction; None if `stop` or the deadline came first."""
        for pause in policies.pending_rhythm():
            finding = await self._learn(instruction, psp_ref, pause, stop, deadline)
            if finding is None:
                return None
            if isinstance(finding, Approved | Declined):
                return self._conclude(instruction, finding)
        raise AssertionError("the rhythm of looking ended")

    # --- inside -------------------------------------------------------------------------------

    async def _clear_up(self, instruction: Instruction) -> Certain | Pending:
        never_arrived = 0
        for looks, pause in enumerate(policies.doubt_rhythm()):
            if looks == policies.TELL_OF_DOUBT_AFTER:
                await self._tell_of_doubt()
            if looks == policies.CASE_OF_DOUBT_AFTER:
                await doubts.in_doubt(instruction)
            finding = await self._learn(instruction, None, pause, lambda: False, None)
            if isinstance(finding, Approved | Declined | Pending):
                return finding
            never_arrived += isinstance(finding, NotFound)
            if isinstance(finding, NotFound) and never_arrived >= policies.NEVER_ARRIVED_AFTER:
                outcome = await self._make_certain(instruction, finding)
                if not isinstance(outcome, Unknown):
                    return outcome
        raise AssertionError("the rhythm of looking ended")

    async def _make_certain(self, instruction: Instruction, finding: NotFound) -> Outcome:
        """The PSP knows nothing of it: close the door behind it, or send it again."""
        if isinstance(instruction, AuthorizeInstruction):
            voided = await self.settle(questions.void_of(instruction, instruction.amount, None))
            if isinstance(voided, Approved):
                return NotSent("it never reached the PSP and was voided there by our reference")
        elif finding.safe_to_repeat:
            return await questions.call(instruction)
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
                timeout_summary=f"Until we look what became of {instruction.key}",
            )
        event = self._take(instruction)
        if event is not None:
            return await self._believe(instruction, event)
        if stop():
            return None
        finding = await self._look_up(instruction, psp_ref)
        settled = isinstance(finding, Approved | Declined)
        if not settled and deadline is not None and workflow.now() >= deadline:
            return None
        return finding

    async def _look_up(self, instruction: Instruction, psp_ref: str | None) -> Finding:
        finding = await questions.look_up(instruction, psp_ref)
        if isinstance(finding, Approved) and not questions.agree(instruction, finding):
            await doubts.contradicted(instruction, finding)
            return Unknown("the PSP knows another amount")
        return finding

    async def _believe(self, instruction: Instruction, event: PspEvent) -> Finding:
        amount = event.reply.amount if isinstance(event.reply, Approved) else event.amount
        if amount != instruction.amount and not isinstance(instruction, VoidInstruction):
            await doubts.contradictory(event, instruction.amount)
            return Unknown("a webhook told another amount")
        return event.reply

    def _has_word_of(self, instruction: Instruction) -> bool:
        return any(event.key == instruction.key for event in self._heard)

    def _take(self, instruction: Instruction) -> PspEvent | None:
        for event in self._heard:
            if event.key == instruction.key:
                self._heard.remove(event)
                return event
        return None

    def _conclude(self, instruction: Instruction, outcome: Certain) -> Certain:
        self._concluded[instruction.key] = outcome
        reason, code = None, None
        if isinstance(outcome, Declined):
            reason, code = outcome.reason, outcome.code
        elif isinstance(outcome, NotSent):
            reason = outcome.why
        attempt = Attempt(instruction.key, instruction.account, outcome.kind, reason, code)
        earlier = tuple(a for a in self.attempts if a.key != instruction.key)
        self.attempts = (*earlier, attempt)
        return outcome
