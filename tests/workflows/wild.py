"""A PSP that loses questions and answers as it likes, keeps its own truth, and honours keys."""

from __future__ import annotations

from random import Random

from tests.workflows.orders import FIFTY
from workflows.domain.money import Money
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Declined,
    Finding,
    Instruction,
    Lookup,
    NotFound,
    NotSent,
    Operation,
    Outcome,
    PayoutInstruction,
    Pending,
    RefundInstruction,
    Reply,
    Unknown,
    VoidInstruction,
)
from workflows.ports import Psp

SOFT = Declined("do_not_honor", soft=True, code="05")
HARD = Declined("stolen_card", soft=False, code="43")
TOO_LATE = Declined("too_late", soft=False, code="L8")


class WildPsp(Psp):
    """`truth` is what really became of each key; nobody else knows it for sure."""

    def __init__(self, chance: Random) -> None:
        self.truth: dict[str, Reply] = {}
        self.diary: list[str] = []
        self.released: set[str] = set()
        self._chance = chance
        self._operations: dict[str, tuple[Operation, Instruction]] = {}

    # --- what a PSP is asked ------------------------------------------------------------------

    async def authorize(self, instruction: AuthorizeInstruction) -> Outcome:
        return self._asked(Operation.AUTHORIZE, instruction)

    async def complete(self, instruction: CompleteInstruction) -> Outcome:
        """The player is back: perhaps it has become something meanwhile."""
        self.decide(instruction.authorize_key)
        return self.truth.get(instruction.authorize_key, Unknown("never heard of it"))

    async def capture(self, instruction: CaptureInstruction) -> Outcome:
        return self._asked(Operation.CAPTURE, instruction)

    async def void(self, instruction: VoidInstruction) -> Outcome:
        return self._asked(Operation.VOID, instruction)

    async def refund(self, instruction: RefundInstruction) -> Outcome:
        return self._asked(Operation.REFUND, instruction)

    async def payout(self, instruction: PayoutInstruction) -> Outcome:
        return self._asked(Operation.PAYOUT, instruction)

    async def look_up(self, lookup: Lookup) -> Finding:
        if self._chance.random() < 0.2:
            return Unknown("could not look")
        if self._chance.random() < 0.3:
            self.decide(lookup.key)
        return self.truth.get(lookup.key, NotFound(safe_to_repeat=True))

    # --- what became of it --------------------------------------------------------------------

    def done(self, operation: Operation) -> dict[str, Money]:
        """The amounts that this PSP truly moved or held, by key."""
        return {
            key: reply.amount
            for key, reply in self.truth.items()
            if isinstance(reply, Approved) and self._operations[key][0] is operation
        }

    def decide(self, key: str) -> None:
        """What was promised gets its result."""
        if not isinstance(self.truth.get(key), Pending):
            return
        operation, instruction = self._operations[key]
        lapsed = key in self.released
        yes = not lapsed and self._chance.random() < 0.7
        self._become(operation, instruction, self._approve(instruction) if yes else SOFT)

    def told(self, key: str) -> tuple[Operation, Reply, Money]:
        """What its webhook says of a key."""
        operation, instruction = self._operations[key]
        return operation, self.truth[key], instruction.amount

    def _asked(self, operation: Operation, instruction: Instruction) -> Outcome:
        luck = self._chance.random()
        if luck < 0.1:
            return NotSent("connection refused")
        if luck < 0.2:
            return Unknown("lost on the way there")
        if instruction.key not in self.truth:
            self._become(operation, instruction, self._verdict(instruction))
        if luck < 0.35:
            return Unknown("lost on the way back")
        return self.truth[instruction.key]

    def _verdict(self, instruction: Instruction) -> Reply:
        if isinstance(instruction, VoidInstruction):
            self.released.add(instruction.authorize_key)
            held = self.truth.get(instruction.authorize_key)
            if isinstance(held, Pending):
                operation, asked = self._operations[instruction.authorize_key]
                self._become(operation, asked, TOO_LATE)
            return self._approve(instruction)
        if instruction.key in self.released:
            return TOO_LATE
        page = "https://psp.example/page" if self._chance.random() < 0.5 else None
        promised = Pending(f"psp-{instruction.key}", page)
        choices: list[Reply] = [self._approve(instruction), promised, SOFT, HARD]
        return self._chance.choices(choices, weights=[6, 4, 2, 1])[0]

    def _become(self, operation: Operation, instruction: Instruction, reply: Reply) -> None:
        self.diary.append(f"{instruction.key} {reply.kind}")
        self._operations[instruction.key] = (operation, instruction)
        self.truth[instruction.key] = reply

    def _approve(self, instruction: Instruction) -> Approved:
        assert instruction.amount <= FIFTY
        return Approved(f"psp-{instruction.key}", instruction.amount)
