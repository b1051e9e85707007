"""Facts about questions that are answered: the same again, or something to undo or to decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from temporalio import workflow

from workflows.domain.events import PspEvent
from workflows.domain.meanings import is_the_same
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    Declined,
    Instruction,
    Operation,
    Pending,
    Ready,
)
from workflows.domain.records import Overtaken, Superseded
from workflows.domain.releases import next_void_key, was_any_released, was_released

from . import escalation, psp_calls
from .psp_calls import Certain
from .psp_instructions import PspInstructions
from .psp_looks import PspLooks

Settle = Callable[[Instruction], Awaitable[Certain]]


class PspAccounting:
    """Of one run. `settle` voids a hold that nobody wants any more."""

    def __init__(self, instructions: PspInstructions, looks: PspLooks, settle: Settle) -> None:
        self._instructions = instructions
        self._looks = looks
        self._settle = settle

    async def account_for(self, event: PspEvent) -> None:
        """It agrees with what is certain, or is seen to, or is a case."""
        instruction = self._instructions.named(event.key)
        if instruction is None:
            await escalation.unexpected(event, None)
        elif not psp_calls.fits(instruction, event):
            await escalation.contradictory(event, instruction)
        elif not self._explains(event):
            await self._check_then_undo_or_ask(instruction, event)

    def _explains(self, event: PspEvent) -> bool:
        known, reply = self._instructions.answer_to(event.key), event.reply
        if isinstance(known, Approved) and isinstance(reply, Approved):
            return event.operation is Operation.VOID or is_the_same(known.psp_ref, reply.psp_ref)
        if isinstance(reply, Pending | Ready) or (known and known.kind == reply.kind):
            return True
        if isinstance(known, Approved) or isinstance(reply, Approved):
            return False
        # We stopped waiting for it and released it: that it came to nothing is no news.
        return was_any_released(event.key, self._instructions.attempts)

    async def _check_then_undo_or_ask(self, instruction: Instruction, event: PspEvent) -> None:
        """What is hearsay and no news to us needs no look; all else is so when the PSP says so."""
        if event.hearsay:
            finding = await self._looks.look_up(instruction, event.names)
            if not isinstance(finding, Approved | Declined):
                await escalation.unconfirmed(event, instruction, finding)
                return
            event = replace(event, reply=finding, hearsay=False)
            if self._explains(event):
                return
        await self._undo_or_ask(instruction, event)

    async def _undo_or_ask(self, instruction: Instruction, event: PspEvent) -> None:
        """A hold that we gave up on is voided, once, and a sale given back; all else that we know
        otherwise is a case. So is a sale that was done twice: by another name alone no money is
        given back that may be the player's already."""
        known, reply = self._instructions.answer_to(event.key), event.reply
        if isinstance(known, Approved) and isinstance(reply, Approved):
            at = instruction.account
            await escalation.double(event, at, known.psp_ref, instruction.payment_id)
        if (
            isinstance(instruction, AuthorizeInstruction)
            and isinstance(reply, Approved)
            and not (reply.captured and isinstance(known, Approved))
        ):
            await self._let_go(instruction, reply)
        elif not isinstance(known, Approved) or not isinstance(reply, Approved):
            await escalation.unexpected(event, instruction)

    async def _let_go(self, authorization: AuthorizeInstruction, held: Approved) -> None:
        """Of one hold, by its own name: that nobody wants, or that there is twice."""
        known, psp_ref = self._instructions, held.psp_ref
        # What a void names is known when it is over.
        await workflow.wait_condition(lambda: not known.is_being_voided(authorization.key))
        if was_released(authorization.key, psp_ref, known.attempts):
            return
        key = next_void_key(authorization.key, psp_ref, known.attempts)
        if isinstance(known.answer_to(key), Declined):
            # A person was told.
            return
        void = psp_calls.void_of(
            authorization, authorization.amount, psp_ref, key=key, sale=held.captured
        )
        try:
            outcome = await self._settle(void)
        except (Overtaken, Superseded):
            await escalation.unreleased(void, "its capture was asked for before")
            return
        if not isinstance(outcome, Approved):
            await escalation.unreleased(void, outcome.kind)
