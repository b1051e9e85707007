"""PSPs with a book of what they did: whatever is asked twice and done twice stands there twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from temporalio import activity

from tests.workflows.world import Gate
from workflows.domain.identity import is_of_a_sale, payment_of
from workflows.domain.money import Money
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
    NotFound,
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


class Mood(StrEnum):
    """Of all PSPs, towards one payment."""

    WELL = "well"
    DOWN = "down"
    """Nothing is done, and no answer is certain."""
    BUSY = "busy"
    """Nothing reaches it: a connection refused, a full queue, an open breaker."""
    LOSES_ANSWERS = "loses answers"
    """It is done, and we do not hear of it."""
    PROMISES = "promises"
    """It is done later."""
    CHALLENGES = "challenges"
    """The player must act first."""
    DECLINES = "declines"
    """Softly, at the first PSP; the others are well."""
    KEEPS_ERRORS = "keeps errors"
    """It did nothing, and gives the same error under the same key for ever."""


@dataclass(frozen=True)
class Effect:
    psp: str
    payment_id: str
    operation: str
    key: str
    ref: str
    amount: Money
    acts_on: str = ""
    """Of a void: the key of the hold."""
    sold: bool = False
    """Of an authorization that took the money, and of the capture that it was."""

    @property
    def is_told_with_the_sale(self) -> bool:
        return self.sold and self.operation == Operation.CAPTURE


@dataclass
class Bank:
    """All PSPs together."""

    effects: list[Effect] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """PSP and key of each question that reached one."""
    moods: dict[str, Mood] = field(default_factory=dict)
    gates: dict[tuple[str, str], Gate] = field(default_factory=dict)
    answers: dict[str, Reply] = field(default_factory=dict)
    forgot: set[str] = field(default_factory=set)
    errors: set[str] = field(default_factory=set)
    """Keys under which an error is kept."""
    voided: set[str] = field(default_factory=set)

    def done(self, payment_id: str) -> Counter[str]:
        """How often each operation was done for a payment. What a sale took and gave back was
        not."""
        return Counter(
            each.operation
            for each in self.effects
            if each.payment_id == payment_id and not self._is_given_back(each)
        )

    def _is_given_back(self, effect: Effect) -> bool:
        return effect.is_told_with_the_sale and effect.key in self.voided

    def holds(self, payment_id: str) -> int:
        """That were neither captured nor released."""
        done = self.done(payment_id)
        held = [e for e in self.effects if (e.payment_id, e.operation) == (payment_id, "authorize")]
        return sum(each.key not in self.voided for each in held) - min(1, done["capture"])

    def mood(self, payment_id: str) -> Mood:
        return self.moods.get(payment_id, Mood.WELL)

    def forget(self, payment_id: str) -> None:
        """Its keys, and what could be found under them."""
        self.forgot.add(payment_id)
        for key in [key for key in self.answers if payment_of(key) == payment_id]:
            del self.answers[key]

    def keep_promises(self, payment_id: str) -> None:
        self.moods.pop(payment_id, None)
        for key, answer in list(self.answers.items()):
            if payment_of(key) == payment_id and isinstance(answer, Pending):
                for effect in self.effects:
                    if effect.key == key:
                        done = Approved(answer.psp_ref, effect.amount, captured=effect.sold)
                        self.answers[key] = done

    def will_hold(self, payment_id: str, operation: str) -> Gate:
        """It works on it until the gate is opened."""
        return self.gates.setdefault((payment_id, operation), Gate())


class BankPsp(Psp):
    """One of the PSPs."""

    def __init__(self, bank: Bank, name: str, *, is_first: bool) -> None:
        self._bank, self._name, self._is_first = bank, name, is_first

    async def authorize(self, instruction: AuthorizeInstruction) -> Outcome:
        return await self._do(Operation.AUTHORIZE, instruction, instruction.key)

    async def sell(self, instruction: SellInstruction) -> Outcome:
        return await self._do(Operation.AUTHORIZE, instruction, instruction.key)

    async def complete(self, instruction: CompleteInstruction) -> Outcome:
        return await self._do(COMPLETE, instruction, instruction.authorize_key)

    async def capture(self, instruction: CaptureInstruction) -> Outcome:
        return await self._do(Operation.CAPTURE, instruction, instruction.key)

    async def void(self, instruction: VoidInstruction) -> Outcome:
        return await self._do(Operation.VOID, instruction, instruction.key)

    async def refund(self, instruction: RefundInstruction) -> Outcome:
        return await self._do(Operation.REFUND, instruction, instruction.key)

    async def payout(self, instruction: PayoutInstruction) -> Outcome:
        return await self._do(Operation.PAYOUT, instruction, instruction.key)

    async def look_up(self, lookup: Lookup) -> Finding:
        bank, payment_id = self._bank, payment_of(lookup.key)
        if bank.mood(payment_id) in (Mood.DOWN, Mood.BUSY):
            return Unknown("down")
        known = bank.answers.get(lookup.key)
        return known or NotFound(safe_to_repeat=payment_id not in bank.forgot)

    async def _do(self, operation: str, instruction: Instruction, key: str) -> Outcome:
        bank, payment_id = self._bank, instruction.payment_id
        bank.asked.append((self._name, instruction.key))
        mood = bank.mood(payment_id)
        if mood is Mood.DOWN:
            return Unknown("down")
        if mood is Mood.BUSY:
            return NotSent("busy")
        if instruction.key in bank.errors or mood is Mood.KEEPS_ERRORS:
            bank.errors.add(instruction.key)
            return Unknown("HTTP 500", answered=True)
        known = bank.answers.get(key)
        if known is None or (operation == COMPLETE and isinstance(known, Pending)):
            known = self._effect(operation, instruction, key, mood)
            bank.answers[key] = known
        if gate := bank.gates.pop((payment_id, operation), None):
            gate.reached.set()
            await _works(gate)
        return Unknown("the answer was lost") if mood is Mood.LOSES_ANSWERS else known

    def _effect(self, operation: str, instruction: Instruction, key: str, mood: Mood) -> Reply:
        bank = self._bank
        ref = f"{self._name}-{len(bank.effects)}"
        if operation == Operation.AUTHORIZE and mood is Mood.CHALLENGES:
            return Pending(ref, "https://psp.example/challenge")
        if operation == Operation.AUTHORIZE and key in bank.voided:
            return Declined("voided", soft=False, code="voided")
        if mood is Mood.DECLINES and self._is_first:
            return Declined("do_not_honor", soft=True, code="05")
        acts_on = instruction.authorize_key if isinstance(instruction, VoidInstruction) else ""
        if isinstance(instruction, VoidInstruction) and not instruction.after_capture:
            bank.voided.add(acts_on)
        named = Operation.AUTHORIZE if operation == COMPLETE else operation
        amount, sold = instruction.amount, is_of_a_sale(key)
        for each in (named, Operation.CAPTURE) if sold else (named,):
            bank.effects.append(
                Effect(
                    self._name, instruction.payment_id, str(each), key, ref, amount, acts_on, sold
                )
            )
        return Pending(ref) if mood is Mood.PROMISES else Approved(ref, amount, captured=sold)


async def _works(gate: Gate) -> None:
    """As a call does that lasts: it beats, so that it hears of a pause."""
    while not gate.opened.is_set():
        activity.heartbeat()
        with suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                await gate.opened.wait()
