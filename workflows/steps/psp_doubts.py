"""Clearing up an answer that was lost.

An unknown outcome is never repeated to another PSP and never becomes a failure by time alone: it
is looked for, for as long as that takes, and a person is told when it takes long.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from workflows import policies
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    CompleteInstruction,
    Declined,
    Finding,
    Instruction,
    NoStatus,
    NotFound,
    NotSent,
    Pending,
    Ready,
    Unknown,
    VoidInstruction,
)

from . import escalation, psp_calls
from .gates import HeldUp
from .psp_calls import Answer, Certain
from .psp_instructions import PspInstructions
from .psp_looks import PspLooks


class Asks(Protocol):
    """How a hold is voided that may be there: as everything else is asked."""

    async def ask(self, instruction: Instruction) -> Certain | Pending: ...

    async def settle(self, instruction: Instruction) -> Certain: ...

    async def result(self, instruction: Instruction, psp_ref: str) -> Certain: ...


class PspDoubts:
    """Of one run. `tell_of_doubt` is awaited when a doubt begins to take long."""

    def __init__(
        self,
        instructions: PspInstructions,
        looks: PspLooks,
        voids: Asks,
        tell_of_doubt: Callable[[], Awaitable[None]],
    ) -> None:
        self._instructions = instructions
        self._looks = looks
        self._voids = voids
        self._tell_of_doubt = tell_of_doubt

    async def clear_up(self, instruction: Instruction, question: Instruction) -> Certain | Pending:
        """What became of the instruction, by whichever question it was asked last."""
        psp_ref = _ref_of(question) if question is not instruction else None
        never_arrived = in_vain = 0
        again = replace(question, looked=True)
        for looks, pause in enumerate(policies.doubt_rhythm()):
            await self._tell_how_long(looks, instruction)
            finding = await self._looks.learn(instruction, psp_ref, pause)
            if isinstance(finding, Approved | Declined | Pending):
                return finding
            if isinstance(finding, Ready) and question is instruction:
                return Pending(finding.psp_ref)
            outcome: Answer | None = None
            if isinstance(finding, NotFound):
                if in_vain >= policies.KEY_IS_DEAD_AFTER:
                    return NotSent("the PSP keeps an error under this key, and did nothing", True)
                never_arrived += 1
                if never_arrived >= policies.NEVER_ARRIVED_AFTER:
                    outcome = await self._close_the_door(instruction, again, finding)
                    in_vain = in_vain + 1 if _is_in_vain(finding, outcome) else 0
            elif isinstance(finding, Ready) or _may_be_repeated(finding):
                outcome = await self._repeated(instruction, again)
            if outcome is not None and not isinstance(outcome, Unknown):
                return outcome
        raise AssertionError("the rhythm of looking ended")

    async def _tell_how_long(self, looks: int, instruction: Instruction) -> None:
        if looks == policies.TELL_OF_DOUBT_AFTER:
            await self._tell_of_doubt()
        if looks == policies.CASE_OF_DOUBT_AFTER:
            await escalation.in_doubt(instruction)

    async def _close_the_door(
        self, instruction: Instruction, question: Instruction, finding: NotFound
    ) -> Answer:
        """The PSP knows nothing of it: close the door behind it, or send it again."""
        again = finding.safe_to_repeat or isinstance(instruction, VoidInstruction)
        if isinstance(instruction, AuthorizeInstruction):
            voided = await self._voided(instruction, insist=not again)
            if isinstance(voided, Approved):
                return NotSent("it never reached the PSP and was voided there by our reference")
            again = again and isinstance(voided, NotSent)
        outcome = await self._repeated(instruction, question) if again else None
        return outcome or Unknown("the PSP knows nothing of it, which proves nothing")

    async def _voided(self, authorization: AuthorizeInstruction, *, insist: bool) -> Certain | None:
        """Of a hold that may be on its way still. None: only later, which proves nothing."""
        void = psp_calls.void_of(authorization, authorization.amount, None)
        voided = await self._voids.ask(void)
        if isinstance(voided, Pending):
            voided = await self._voids.result(void, voided.psp_ref)
            return voided if isinstance(voided, Approved) else None
        if isinstance(voided, NotSent) and insist:
            return await self._voids.settle(void)
        return voided

    async def _repeated(self, instruction: Instruction, question: Instruction) -> Answer | None:
        """None: it never left us, which says nothing about the first one."""
        try:
            outcome = await self._instructions.put(instruction, question)
        except HeldUp:
            # A stop forbids to send it again. The first one may have been done all the same: a run
            # that waited for the stop's end alone would be deaf to its answer.
            return None
        return None if isinstance(outcome, NotSent) else outcome


def _ref_of(question: Instruction) -> str:
    return (question.psp_ref or "") if isinstance(question, CompleteInstruction) else ""


def _is_in_vain(finding: NotFound, outcome: Answer) -> bool:
    """The PSP answered the same question under the same key with an error, and knows of nothing."""
    return finding.safe_to_repeat and isinstance(outcome, Unknown) and outcome.answered


def _may_be_repeated(finding: Finding | None) -> bool:
    return isinstance(finding, NoStatus) and finding.safe_to_repeat
