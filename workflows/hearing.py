"""What PSPs tell of one payment: facts come unasked, doubled, early and late; none is lost."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime

from temporalio import workflow

from . import doubts, questions
from .domain.payments import Attempt, attempt_of
from .domain.psp import (
    Approved,
    AuthorizeInstruction,
    Declined,
    Instruction,
    NotSent,
    Pending,
    PspEvent,
    Ready,
    VoidInstruction,
)
from .domain.releases import next_void_key, void_key_of, was_any_released, was_released

Certain = Approved | Declined | NotSent


class Hearing(ABC):
    """What was asked of PSPs, what was heard of it, and what is certain."""

    def __init__(self) -> None:
        self.attempts: tuple[Attempt, ...] = ()
        self._heard: list[PspEvent] = []
        self._event_ids: set[tuple[str, str]] = set()
        self._asked: dict[str, Instruction] = {}
        self._asked_at: dict[str, str] = {}
        self._concluded: dict[str, Certain] = {}
        self._used_up: dict[str, datetime] = {}

    @abstractmethod
    async def settle(self, instruction: Instruction) -> Certain:
        """Ask until it is certain."""

    # --- facts from outside -------------------------------------------------------------------

    async def hear(self, event: PspEvent) -> None:
        """Take in a webhook's fact, once however often it comes."""
        identity = (event.psp, event.event_id)
        if identity in self._event_ids:
            return
        self._event_ids.add(identity)
        if isinstance(self._concluded.get(event.key), Approved | Declined):
            await self._account_for(event)
        elif not self._is_used_up(event):
            self._heard.append(event)

    @property
    def has_unread(self) -> bool:
        return bool(self._heard)

    def waits_for(self, key: str) -> bool:
        """Whether this instruction was asked and has no certain answer yet."""
        return key in self._asked and key not in self._concluded

    async def account_for_the_rest(self) -> None:
        """Nothing heard is lost: what still lies here agrees with what we know, or is a case."""
        while self._heard:
            await self._account_for(self._heard.pop(0))

    # --- for whoever asks ---------------------------------------------------------------------

    def _will_ask(self, instruction: Instruction) -> None:
        self._asked[instruction.key] = instruction
        self._asked_at.setdefault(instruction.key, workflow.now().isoformat())

    def _first_asked(self, instruction: Instruction) -> str:
        """When, RFC 3339."""
        return self._asked_at.get(instruction.key, "")

    def _has_word_of(self, instruction: Instruction) -> bool:
        return any(event.key == instruction.key for event in self._heard)

    def _take(self, instruction: Instruction) -> PspEvent | None:
        for event in self._heard:
            if event.key == instruction.key:
                self._heard.remove(event)
                return event
        return None

    def _use_up_approvals(self, instruction: Instruction, began: datetime) -> None:
        """The player must act again: what was told of their part by now is about what they did
        before, and so is what the PSP dates before the completion `began` that used it up."""
        self._used_up[instruction.key] = began
        told = [e for e in self._heard if e.key == instruction.key and isinstance(e.reply, Ready)]
        if told and workflow.patched("an-approval-is-used-once"):
            self._heard = [event for event in self._heard if event not in told]

    def _is_used_up(self, event: PspEvent) -> bool:
        began = self._used_up.get(event.key)
        if began is None or not isinstance(event.reply, Ready):
            return False
        told_at = _moment(event.occurred_at)
        stale = told_at is not None and told_at < began
        return stale and workflow.patched("an-approval-is-used-once")

    async def _conclude(self, instruction: Instruction, outcome: Certain) -> Certain:
        self._concluded[instruction.key] = outcome
        self._note(instruction, outcome)
        while not isinstance(outcome, NotSent) and (event := self._take(instruction)):
            await self._account_for(event)
        return outcome

    # --- inside -------------------------------------------------------------------------------

    async def _account_for(self, event: PspEvent) -> None:
        """A fact about a question that is answered: the same again, or something for a person."""
        instruction = self._asked.get(event.key)
        if instruction is None:
            await doubts.unexpected(event, None)
        elif not questions.fits(instruction, event):
            await doubts.contradictory(event, instruction)
        elif not self._explains(event):
            await self._undo_or_ask(instruction, event)

    async def _undo_or_ask(self, instruction: Instruction, event: PspEvent) -> None:
        """A hold that we gave up on is voided, once; all else that we know otherwise is a case."""
        if (
            isinstance(instruction, AuthorizeInstruction)
            and isinstance(event.reply, Approved)
            and not isinstance(self._concluded.get(event.key), Approved)
            and await self._is_let_go(instruction, event.reply.psp_ref)
        ):
            return
        await doubts.unexpected(event, instruction)

    async def _is_let_go(self, authorization: AuthorizeInstruction, psp_ref: str) -> bool:
        """False in runs from before this was so, which tell a person."""
        await self._void_under_way(authorization.key)
        if was_released(authorization.key, psp_ref, self.attempts):
            return True
        first = void_key_of(authorization.key) not in self._asked
        if first and authorization.key in self._concluded:
            if not workflow.patched("late-yes-is-voided"):
                return False
        elif not workflow.patched("each-hold-is-voided"):
            return was_any_released(authorization.key, self.attempts)
        key = next_void_key(authorization.key, psp_ref, self.attempts)
        if isinstance(self._concluded.get(key), Declined):
            # A person was told.
            return True
        void = questions.void_of(authorization, authorization.amount, psp_ref, key=key)
        outcome = await self.settle(void)
        if not isinstance(outcome, Approved):
            await doubts.unreleased(void, outcome.kind)
        return True

    async def _void_under_way(self, authorize_key: str) -> None:
        """What it names is known when it is over."""

        def is_over() -> bool:
            asked = [each for each in self._asked.values() if isinstance(each, VoidInstruction)]
            return not any(
                a.authorize_key == authorize_key and self.waits_for(a.key) for a in asked
            )

        await workflow.wait_condition(is_over)

    def _explains(self, event: PspEvent) -> bool:
        known = self._concluded.get(event.key)
        if isinstance(event.reply, Pending | Ready) or (known and known.kind == event.reply.kind):
            return True
        if isinstance(known, Approved) or isinstance(event.reply, Approved):
            return False
        # We stopped waiting for it and released it: that it came to nothing is no news.
        return was_any_released(event.key, self.attempts)

    def _note(self, instruction: Instruction, outcome: Certain) -> None:
        attempt = attempt_of(instruction, outcome)
        earlier = tuple(a for a in self.attempts if a.key != instruction.key)
        self.attempts = (*earlier, attempt)


def _moment(text: str) -> datetime | None:
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return None
    return told if told.tzinfo else None
