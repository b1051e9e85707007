"""Finding out what became of an instruction: listen for a while, then look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow

from workflows import policies
from workflows.domain.events import PspEvent
from workflows.domain.psp import (
    Approved,
    Declined,
    Finding,
    Instruction,
    NoStatus,
    Pending,
    Ready,
    Unknown,
)
from workflows.visibility import step_of

from . import escalation, psp_calls
from .psp_events import PspEvents
from .psp_instructions import PspInstructions


class PspLooks:
    """Of one run. A look moves nothing and concludes nothing."""

    def __init__(self, instructions: PspInstructions, events: PspEvents) -> None:
        self._instructions = instructions
        self._events = events

    async def look_up(self, instruction: Instruction, psp_ref: str | None) -> Finding:
        """What the PSP knows of it at this moment."""
        asked_at = self._instructions.first_asked(instruction)
        finding = await psp_calls.look_up(instruction, psp_ref, asked_at)
        if isinstance(finding, Approved) and not psp_calls.agree(instruction, finding):
            await escalation.contradicted(instruction, finding)
            return Unknown("the PSP knows another amount")
        return finding

    async def promised(
        self,
        instruction: Instruction,
        psp_ref: str,
        stop: Callable[[], bool],
        deadline: datetime | None,
        rhythm: Iterator[timedelta] | None,
    ) -> Approved | Declined | Ready | None:
        """What a PSP promised to tell; None if `stop` or the deadline came first."""
        rhythm, silent = rhythm or policies.pending_rhythm(), 0
        while True:
            finding = await self.learn(instruction, psp_ref, next(rhythm), stop, deadline)
            if finding is None or isinstance(finding, Approved | Declined | Ready):
                return finding
            if isinstance(finding, NoStatus):
                rhythm, silent = policies.silent_rhythm(), silent + 1
                if silent == policies.CASE_OF_SILENCE_AFTER:
                    await escalation.in_doubt(instruction)

    async def learn(
        self,
        instruction: Instruction,
        psp_ref: str | None,
        pause: timedelta,
        stop: Callable[[], bool] = lambda: False,
        deadline: datetime | None = None,
    ) -> Finding | None:
        """Listen for `pause`, then look once. None when stopped or past the deadline."""
        rest = pause if deadline is None else min(pause, deadline - workflow.now())
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: stop() or self._events.has_word_of(instruction.key),
                timeout=max(rest, timedelta(milliseconds=1)),
                timeout_summary=f"Until we look what became of {step_of(instruction.key)}",
            )
        event = self._events.take(instruction.key)
        if event is not None:
            return await self._believe(instruction, event, psp_ref)
        if stop():
            return None
        finding = await self.look_up(instruction, psp_ref)
        settled = isinstance(finding, Approved | Declined)
        if not settled and deadline is not None and workflow.now() >= deadline:
            return None
        return finding

    async def _believe(
        self, instruction: Instruction, event: PspEvent, psp_ref: str | None
    ) -> Finding:
        """What a webhook tells of what is asked: as a fact, or as a reason to look."""
        if not psp_calls.fits(instruction, event):
            await escalation.contradictory(event, instruction)
            return Unknown("a webhook disagreed with what we asked")
        if isinstance(event.reply, Pending) and not event.reply.psp_ref:
            return Unknown("a webhook tells that it is under way, and not under which name")
        # To go on after Ready asks the PSP itself, and Pending changes nothing.
        if not event.hearsay or isinstance(event.reply, Pending | Ready):
            return event.reply
        finding = await self.look_up(instruction, psp_ref or event.names)
        if isinstance(finding, NoStatus) and not finding.safe_to_repeat:
            await escalation.unconfirmed(event, instruction, finding)
        return finding
