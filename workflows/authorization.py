"""Obtaining a hold: one merchant account after the other, never two at once, never over a doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from temporalio import workflow

from . import doubts, policies
from .cascade import Cascade, problem_of
from .conversation import Conversation
from .domain.declines import Reason
from .domain.deposits import DepositOrder, Status
from .domain.money import Money
from .domain.payments import Route
from .domain.psp import (
    COMPLETE,
    Approved,
    Authentication,
    AuthorizeInstruction,
    CompleteInstruction,
    Declined,
    MerchantAccount,
    NotSent,
    Operation,
    Pending,
    Ready,
    VoidInstruction,
    key_of,
)
from .payment import Payment
from .questions import void_of


@dataclass(frozen=True)
class Hold:
    """Money that a PSP keeps for us."""

    instruction: AuthorizeInstruction
    approved: Approved

    @property
    def amount(self) -> Money:
        return self.approved.amount

    def void(self, amount: Money, *, after_capture: bool = False) -> VoidInstruction:
        return void_of(self.instruction, amount, self.approved.psp_ref, after_capture=after_capture)


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """How one deposit asks for its hold. `given_up` ends the wait for a player or a PSP."""

    payment: Payment[Status]
    order: DepositOrder
    token: str | None
    given_up: Callable[[], bool]
    is_back: Callable[[], bool]
    """Whether the player has come back from the PSP's page since `take_back` was asked."""
    take_back: Callable[[], dict[str, str]]
    """What the player came back with."""
    expires: datetime

    async def obtain(self, route: Route) -> Hold | None:
        """A hold, or None with the reason in the payment's facts (or given up)."""
        cascade = Cascade(route, in_time=True)
        while (account := cascade.next_account()) is not None:
            if self.given_up():
                return None
            proof = cascade.authentication_for(account)
            instruction = self._instruction(account, cascade.number, proof)
            outcome = await self.payment.psp.ask(instruction)
            if isinstance(outcome, Pending):
                result = await self._outcome_of_pending(instruction, outcome)
                if result is None:
                    return None
                outcome = result
            if isinstance(outcome, Approved):
                return Hold(instruction, outcome)
            cascade.heard(account, outcome)
        self.payment.learn(problem=cascade.problem)
        return None

    async def _outcome_of_pending(
        self, instruction: AuthorizeInstruction, pending: Pending
    ) -> Approved | Declined | NotSent | None:
        """The answer that comes later: by itself, or because the player has done their part."""
        psp, completions, rhythm = self.payment.psp, 0, policies.pending_rhythm()
        while True:
            await self._tell_of(instruction, pending)
            result = await psp.result_unless(
                instruction,
                pending.psp_ref,
                lambda: self.given_up() or self.is_back(),
                self.expires,
                rhythm,
            )
            if isinstance(result, Approved | Declined | NotSent):
                return result
            if self.given_up() or not (self.is_back() or isinstance(result, Ready)):
                await release(psp, void_of(instruction, instruction.amount, pending.psp_ref))
                return None
            completions += 1
            if self.is_back():
                # Somebody waits. What a look finds again and again is looked for less and less.
                rhythm = policies.pending_rhythm()
            answer = await psp.complete(
                instruction, self._completion(instruction, pending, completions)
            )
            if not isinstance(answer, Pending):
                return answer
            pending = replace(answer, psp_ref=answer.psp_ref or pending.psp_ref)

    async def _tell_of(self, instruction: AuthorizeInstruction, pending: Pending) -> None:
        self.payment.learn(account=instruction.account, psp_ref=pending.psp_ref)
        if not self.given_up():
            player_acts = pending.redirect_url is not None
            await self.payment.advance(
                Status.REQUIRES_ACTION if player_acts else Status.PENDING,
                redirect_url=pending.redirect_url,
            )

    def _completion(
        self, instruction: AuthorizeInstruction, pending: Pending, number: int
    ) -> CompleteInstruction:
        return CompleteInstruction(
            key=key_of(instruction.key, COMPLETE, number),
            account=instruction.account,
            amount=instruction.amount,
            trace_id=instruction.trace_id,
            authorize_key=instruction.key,
            psp_ref=pending.psp_ref or None,
            parameters=self.take_back(),
        )

    def _instruction(
        self, account: MerchantAccount, number: int, proof: Authentication | None
    ) -> AuthorizeInstruction:
        order = self.order
        return AuthorizeInstruction(
            key=key_of(order.intent_id, Operation.AUTHORIZE, number),
            account=account,
            amount=order.amount,
            trace_id=order.trace_id,
            method=order.method,
            payment_token=self.token,
            player_id=order.player.id,
            return_url=order.return_url,
            authentication=proof,
        )


async def release(psp: Conversation, void: VoidInstruction) -> None:
    """Let go of what is held. A PSP that will not is a person's affair; the hold lapses in time."""
    outcome = await psp.settle(void)
    if isinstance(outcome, Approved) or _held_nothing(psp, void, outcome):
        return
    await doubts.unreleased(void, problem_of(outcome).reason)


def _held_nothing(psp: Conversation, void: VoidInstruction, outcome: Declined | NotSent) -> bool:
    """There is nothing to void of an authorization whose yes never came: that is its end. Should
    the yes come after all, its hold is voided then, by its own name."""
    nothing = isinstance(outcome, Declined) and outcome.reason == Reason.NOT_VOIDABLE
    waited_for = psp.waits_for(void.authorize_key)
    return nothing and waited_for and workflow.patched("nothing-held-is-no-case")
