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
    Fact,
    Finding,
    Instruction,
    Lookup,
    NoStatus,
    NotFound,
    NotSent,
    Operation,
    Outcome,
    PayoutInstruction,
    Pending,
    Ready,
    RefundInstruction,
    Reply,
    SellInstruction,
    Unknown,
    VoidInstruction,
)
from workflows.ports import Psp

SOFT = Declined("do_not_honor", soft=True, code="05")
HARD = Declined("stolen_card", soft=False, code="43")
TOO_LATE = Declined("too_late", soft=False, code="L8")


class WildPsp(Psp):
    """`truth` is what really became of each key; nobody else knows it for sure.

    One that `completes` approves a promised authorization only when it is told to go on, once the
    player is done. A `silent` one has no status to give, and may not say that it honours keys.
    While it is `dead` nothing reaches it. `overlaps` are questions that came while an earlier one
    of the payment was done, or not decided, at another account.
    """

    def __init__(self, chance: Random, *, completes: bool = False, silent: bool = False) -> None:
        self.truth: dict[str, Reply] = {}
        self.diary: list[str] = []
        self.released: set[str] = set()
        self.overlaps: list[str] = []
        self.asked_at: dict[str, str] = {}
        """The merchant account by key."""
        self.dead = False
        self._ready: set[str] = set()
        self._completes, self._silent = completes, silent
        self._chance = chance
        self._operations: dict[str, tuple[Operation, Instruction]] = {}

    # --- what a PSP is asked ------------------------------------------------------------------

    async def authorize(self, instruction: AuthorizeInstruction) -> Outcome:
        return self._asked(Operation.AUTHORIZE, instruction)

    async def sell(self, instruction: SellInstruction) -> Outcome:
        return self._asked(Operation.AUTHORIZE, instruction)

    async def complete(self, instruction: CompleteInstruction) -> Outcome:
        """The player is back: perhaps they are done, perhaps they only pressed a button."""
        luck, key = self._chance.random(), instruction.authorize_key
        if self.dead:
            return NotSent("connection refused")
        if luck < 0.1:
            return NotSent("connection refused")
        if luck < 0.2:
            return Unknown("lost on the way there")
        self.diary.append(f"{instruction.key} heard")
        if not self._completes:
            self.decide(key)
        elif isinstance(self.truth[key], Pending) and key in self._ready:
            operation, asked = self._operations[key]
            self._become(operation, asked, self._approve(asked) if luck < 0.8 else SOFT)
        return Unknown("lost on the way back") if luck < 0.35 else self.truth[key]

    async def capture(self, instruction: CaptureInstruction) -> Outcome:
        return self._asked(Operation.CAPTURE, instruction)

    async def void(self, instruction: VoidInstruction) -> Outcome:
        return self._asked(Operation.VOID, instruction)

    async def refund(self, instruction: RefundInstruction) -> Outcome:
        return self._asked(Operation.REFUND, instruction)

    async def payout(self, instruction: PayoutInstruction) -> Outcome:
        return self._asked(Operation.PAYOUT, instruction)

    async def look_up(self, lookup: Lookup) -> Finding:
        if self.dead:
            return Unknown("could not look")
        if self._silent:
            return NoStatus(safe_to_repeat=self._chance.random() < 0.6)
        if self._chance.random() < 0.2:
            return Unknown("could not look")
        if self._chance.random() < 0.3:
            self.decide(lookup.key)
        if lookup.key not in self.truth:
            return NotFound(safe_to_repeat=True)
        return self._shown(lookup.key)

    # --- what became of it --------------------------------------------------------------------

    def done(self, operation: Operation) -> dict[str, Money]:
        """The amounts that this PSP truly moved or held, by key."""
        return {
            key: reply.amount
            for key, reply in self.truth.items()
            if isinstance(reply, Approved) and self._operations[key][0] is operation
        }

    @property
    def sold(self) -> list[Money]:
        """What was taken with the authorization, and not given back."""
        return [
            reply.amount
            for key, reply in self.truth.items()
            if isinstance(reply, Approved) and reply.captured and key not in self.released
        ]

    def decide(self, key: str) -> None:
        """What was promised gets its result."""
        if not isinstance(self.truth.get(key), Pending):
            return
        operation, instruction = self._operations[key]
        if self._completes and operation is Operation.AUTHORIZE:
            self._ready.add(key)
            return
        lapsed = key in self.released
        yes = not lapsed and self._chance.random() < 0.7
        self._become(operation, instruction, self._approve(instruction) if yes else SOFT)

    def outcome_of(self, key: str) -> tuple[Operation, Fact, Money]:
        """What its webhook says of a key."""
        operation, instruction = self._operations[key]
        return operation, self._shown(key), instruction.amount

    def _shown(self, key: str) -> Fact:
        waits = key in self._ready and isinstance(self.truth[key], Pending)
        return Ready(f"psp-{key}") if waits else self.truth[key]

    async def dies(self) -> None:
        self.dead = True

    async def recovers(self) -> None:
        self.dead = False

    def _watch(self, instruction: Instruction) -> None:
        """Nobody is asked over another's answer that is not a certain no."""
        alive = {
            key
            for key, reply in self.truth.items()
            if key in self.asked_at
            and key != instruction.key
            and key not in self.released
            and not isinstance(reply, Declined)
        }
        if alive:
            self.overlaps.append(f"{instruction.key} over {alive}")
        self.asked_at[instruction.key] = instruction.account.id

    def _asked(self, operation: Operation, instruction: Instruction) -> Outcome:
        if operation in (Operation.AUTHORIZE, Operation.PAYOUT):
            self._watch(instruction)
        if self.dead:
            nothing: list[Outcome] = [NotSent("connection refused"), Unknown("no answer")]
            return self._chance.choice(nothing)
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
        at_once = 1 if self._completes and isinstance(instruction, AuthorizeInstruction) else 6
        return self._chance.choices(choices, weights=[at_once, 10 - at_once, 2, 1])[0]

    def _become(self, operation: Operation, instruction: Instruction, reply: Reply) -> None:
        self.diary.append(f"{instruction.key} {reply.kind}")
        self._operations[instruction.key] = (operation, instruction)
        self.truth[instruction.key] = reply

    def _approve(self, instruction: Instruction) -> Approved:
        assert instruction.amount <= FIFTY
        sale = isinstance(instruction, SellInstruction)
        return Approved(f"psp-{instruction.key}", instruction.amount, captured=sale)
