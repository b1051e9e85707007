"""What was asked of PSPs for one payment, and what is certain of it."""

from __future__ import annotations

from collections.abc import Iterable

from temporalio import workflow

from workflows.domain.payments import Attempt, attempt_of
from workflows.domain.psp import (
    Approved,
    Declined,
    Fenced,
    Instruction,
    NotSent,
    Parked,
    Rival,
    SlowLane,
    Unknown,
    VoidInstruction,
)
from workflows.domain.records import Conclusion, Overtaken, Superseded

from . import escalation, psp_calls, stubs
from .gates import HeldUp
from .lanes import Lanes
from .psp_calls import Answer, Certain
from .wallet_hold import nobody_opened


class PspInstructions:
    """The instructions of one run, by key: asked, and at some time concluded."""

    def __init__(self, payment_id: str) -> None:
        self.attempts: tuple[Attempt, ...] = ()
        """The last certain word on each, for the registry."""
        self._payment_id = payment_id
        self._lanes = Lanes()
        self._asked: dict[str, Instruction] = {}
        self._asked_at: dict[str, str] = {}
        self._concluded: dict[str, Certain] = {}

    def named(self, key: str) -> Instruction | None:
        """As it was asked last; None if it was not."""
        return self._asked.get(key)

    def answer_to(self, key: str) -> Certain | None:
        """None as long as it is not certain."""
        return self._concluded.get(key)

    def waits_for(self, key: str) -> bool:
        """Whether this instruction was asked and has no certain answer yet."""
        return key in self._asked and key not in self._concluded

    def is_being_voided(self, authorize_key: str) -> bool:
        """Whether the answer to a void of this authorization is awaited."""
        asked = [each for each in self._asked.values() if isinstance(each, VoidInstruction)]
        return any(a.authorize_key == authorize_key and self.waits_for(a.key) for a in asked)

    def first_asked(self, instruction: Instruction) -> str:
        """When, RFC 3339; empty if it was not."""
        return self._asked_at.get(instruction.key, "")

    def follow(self, attempts: Iterable[Attempt]) -> None:
        """What the books say was done, by a run whose decisions count: it is no news any more."""
        for each in attempts:
            instruction = self._asked.get(each.key)
            if instruction is not None and each.outcome == "approved":
                self._concluded[each.key] = Approved(
                    each.psp_ref or "", instruction.amount, captured=bool(each.captured)
                )

    def conclude(self, instruction: Instruction, outcome: Certain) -> None:
        """It is certain, until a later word: the last one counts."""
        self._concluded[instruction.key] = outcome
        earlier = tuple(a for a in self.attempts if a.key != instruction.key)
        self.attempts = (*earlier, attempt_of(instruction, outcome))

    async def put(self, instruction: Instruction, question: Instruction) -> Answer:
        """Ask about an instruction once: by itself, or by another question (a completion).

        Raises what excludes the question: Superseded, Overtaken, HeldUp; or that nobody opened the
        payment, by an ApplicationError that ends the run.
        """
        is_first = instruction.key not in self._asked
        self._asked[instruction.key] = instruction
        self._asked_at.setdefault(instruction.key, workflow.now().isoformat())
        outcome = await psp_calls.call(question, self._lanes)
        if isinstance(outcome, Fenced) and self._is_over(outcome.rival):
            # The database does not know yet what a webhook or a look has told this run.
            await stubs.conclude(Conclusion(payment_id=self._payment_id, attempts=self.attempts))
            outcome = await psp_calls.call(question, self._lanes)
        if isinstance(outcome, Parked | Fenced) and is_first and question is instruction:
            # It was not asked: nobody waits for an answer.
            del self._asked[instruction.key]
        match outcome:
            case Parked():
                raise HeldUp(outcome)
            case Fenced(rival=Rival() as rival):
                raise Overtaken(rival)
            case Fenced(why="unknown_payment"):
                raise nobody_opened(self._payment_id)
            case Fenced():
                raise Superseded
            case SlowLane(why=why):
                raise AssertionError(f"the PSP's own queue has sent it away: {why}")
        if isinstance(outcome, Approved) and not psp_calls.agree(instruction, outcome):
            await escalation.contradicted(instruction, outcome)
            return Unknown("the PSP approved another amount")
        return outcome

    def _is_over(self, rival: Rival | None) -> bool:
        """Whether this run is certain that what stands in its way did nothing."""
        return rival is not None and isinstance(self.answer_to(rival.key), Declined | NotSent)
