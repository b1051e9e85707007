"""Obtaining a hold: one merchant account after the other, never two at once, never over a doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from workflows import policies
from workflows.domain.deposits import DepositOrder, Status
from workflows.domain.identity import SALE, as_a_hold, key_of
from workflows.domain.payments import CaptureMethod, Route
from workflows.domain.psp import (
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
    SellInstruction,
    asked_under,
)
from workflows.domain.records import Overtaken
from workflows.domain.routing.accounts import key_of_account

from .cascade import Cascade
from .ending import Ending
from .gates import HeldUp
from .going_ahead import GoingAhead
from .payment import Payment
from .players_return import PlayersReturn
from .psp_calls import Certain, void_of
from .psp_hold import PspHold
from .releasing import release


class Authorization:
    """How one deposit asks for its hold.

    `given_up` gives how the deposit ends, once that is decided: then nobody is waited for any more.
    """

    def __init__(
        self,
        payment: Payment[Status],
        order: DepositOrder,
        going: GoingAhead,
        given_up: Callable[[], Ending[Status] | None],
    ) -> None:
        self.asked_before = 0
        """Accounts that were asked by a run that was lost: what they answered counts, whatever was
        decided since."""
        self.player = PlayersReturn()
        self._payment, self._order, self._going = payment, order, going
        self._given_up = given_up

    async def obtain(self, route: Route) -> PspHold | Ending[Status]:
        """The first hold that a PSP gives, or how the deposit ends without one."""
        cascade = Cascade(route, in_time=True)
        while (account := cascade.next_account()) is not None:
            given_up = self._given_up()
            if given_up is not None and cascade.number > self.asked_before:
                return given_up
            proof = cascade.authentication_for(account)
            instruction, outcome = await self._asked(
                self._instruction(account, cascade.number, proof, self._step(route, account))
            )
            if isinstance(outcome, Ending):
                return outcome
            if isinstance(outcome, Approved):
                return PspHold(instruction, outcome)
            cascade.heard(instruction.account, outcome)
        return Ending(Status.FAILED, cascade.problem)

    async def _asked(
        self, instruction: AuthorizeInstruction
    ) -> tuple[AuthorizeInstruction, Certain | Ending[Status]]:
        """Goes on with what was asked before, by a run that this one does not know of. While
        captures are stopped by hand what was to be a sale is held, and its capture waits."""
        try:
            answer = await self._payment.psp.ask(instruction)
        except HeldUp:
            hold = as_a_hold(instruction.key)
            return await self._asked(asked_under(hold, instruction.account, instruction))
        except Overtaken as overtaken:
            rival = overtaken.rival
            return await self._asked(asked_under(rival.key, rival.account, instruction))
        if isinstance(answer, Pending):
            return instruction, await self._outcome_of_pending(instruction, answer)
        return instruction, answer

    async def _outcome_of_pending(
        self, instruction: AuthorizeInstruction, pending: Pending
    ) -> Certain | Ending[Status]:
        """The answer that comes later: by itself, or because the player has done their part."""
        psp, completions, rhythm = self._payment.psp, 0, policies.pending_rhythm()
        while True:
            await self._tell_of(instruction, pending)
            result = await psp.result_unless(
                instruction,
                pending.psp_ref,
                lambda: self._given_up() is not None or self.player.is_there,
                self._going.expires,
                rhythm,
            )
            if isinstance(result, Approved | Declined | NotSent):
                return result
            goes_on = self.player.is_there or isinstance(result, Ready)
            if self._given_up() is not None or not goes_on:
                await release(psp, void_of(instruction, instruction.amount, pending.psp_ref))
                return self._given_up() or self._too_late()
            completions += 1
            if self.player.is_there:
                # Somebody waits. What a look finds again and again is looked for less and less.
                rhythm = policies.pending_rhythm()
            answer = await psp.complete(
                instruction, self._completion(instruction, pending, completions)
            )
            if not isinstance(answer, Pending):
                return answer
            pending = replace(answer, psp_ref=answer.psp_ref or pending.psp_ref)

    def _too_late(self) -> Ending[Status]:
        """Nothing came in time; a no that was known before, to a run that was lost, counts more."""
        failed = self._payment.facts.problem is not None
        return Ending(Status.FAILED if failed else Status.EXPIRED)

    async def _tell_of(self, instruction: AuthorizeInstruction, pending: Pending) -> None:
        self._payment.learn(account=instruction.account, psp_ref=pending.psp_ref)
        if self._given_up() is None:
            player_acts = pending.redirect_url is not None
            await self._payment.advance(
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
            parameters=self.player.take(),
            order=instruction.order,
        )

    def _step(self, route: Route, account: MerchantAccount) -> str:
        """A sale where nobody needs the time between a hold and its capture."""
        at_once = self._order.capture_method is CaptureMethod.AUTOMATIC
        return SALE if at_once and key_of_account(account) in route.sells else Operation.AUTHORIZE

    def _instruction(
        self, account: MerchantAccount, number: int, proof: Authentication | None, step: str
    ) -> AuthorizeInstruction:
        order = self._order
        kind = SellInstruction if step == SALE else AuthorizeInstruction
        return kind(
            key=key_of(order.intent_id, step, number),
            account=account,
            amount=order.amount,
            trace_id=order.trace_id,
            method=order.method,
            payment_token=self._going.token,
            player_id=order.player.id,
            return_url=order.return_url,
            authentication=proof,
            country=order.hints.player_country if order.hints else None,
            order=self._payment.terms,
        )
