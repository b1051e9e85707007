"""The payout: checked, held, approved where it must be, paid by the PSP, settled or given back."""

from __future__ import annotations

from temporalio import workflow

from . import books
from .approval import Desk
from .cascade import Cascade
from .checks import moving_of, routing_of, screening_of
from .domain.payments import Kind, Problem, Record, Route, Stopped
from .domain.payouts import NEXT, Approval, PayoutOrder, Status
from .domain.psp import (
    Approved,
    MerchantAccount,
    Operation,
    PayoutInstruction,
    Pending,
    key_of,
)
from .domain.wallet import Refused
from .hearing import Certain
from .holding import Holding
from .parking import Parking
from .payment import Payment

EXPECTED = {
    Status.SUBMITTED: "our checks and the hold of the player's money",
    Status.AWAITING_APPROVAL: "a second person's word within 30 days; the money is held",
    Status.POSTPONED: "the end of the postponement, or an earlier `approve`",
    Status.PARKED: "the end of the stop; the money is held, `cancel` gives it back",
    Status.PROCESSING: "the PSP's word that it has paid, by webhook",
    Status.CLARIFYING: "certainty about an answer that was lost; we keep asking",
    Status.SETTLED: "nothing, the player has been paid",
}


@workflow.defn(name=Kind.PAYOUT)
class Payout(Payment[Status]):
    @workflow.init
    def __init__(self, order: PayoutOrder) -> None:
        super().__init__(order, Status.SUBMITTED, NEXT, Status.CLARIFYING, EXPECTED)
        self._order = order
        self._on_its_way = False
        self._holding = Holding(order.payout_id, order.player, order.amount)
        self._parking = Parking(self, Status.PARKED, Status.SUBMITTED, self._is_given_up)
        self._desk = Desk(self, order.requester, is_parked=lambda: self._parking.waits)

    @workflow.run
    async def run(self, order: PayoutOrder) -> Record:
        """Gives the last record. Input: what the platform asked for."""
        return await self.to_the_end(self._payout, self._desk.cancel_if_possible)

    async def _payout(self) -> None:
        verdict = await books.screen(screening_of(self._order))
        if isinstance(verdict, Stopped):
            await self._refuse(verdict.reason)
        elif isinstance(await self._holding.take(), Refused):
            await self._refuse("insufficient_funds")
        else:
            approved = not verdict.needs_approval or await self._desk.approves()
            payer = await self._paid() if approved else None
            await self._close(payer)

    # --- commands -----------------------------------------------------------------------------

    @workflow.update(description="Answers once the money is held, or the payout refused")
    async def accepted(self) -> Record:
        await workflow.wait_condition(lambda: self._on_its_way or self.has_rested)
        return self.record()

    @workflow.update(description="A second person's decision: approve, decline or postpone")
    async def approve(self, approval: Approval) -> Record:
        return await self._desk.decide(approval)

    @approve.validator
    def _may_approve(self, approval: Approval) -> None:
        self._desk.validate(approval)

    @workflow.update(description="Give the money back, as long as no PSP has been asked")
    async def cancel(self) -> Record:
        return await self._desk.cancel()

    @cancel.validator
    def _may_cancel(self) -> None:
        self.require(self._desk.can_cancel, "cancel")

    @workflow.signal(description="A stop may be over: ask again whether the payout may go on")
    def resume(self) -> None:
        self._parking.resume()

    def _is_given_up(self) -> bool:
        return self._desk.ending is not None

    # --- steps --------------------------------------------------------------------------------

    async def _refuse(self, reason: str) -> None:
        await self.advance(Status.REFUSED, final=True, problem=Problem(reason))

    async def _close(self, payer: MerchantAccount | None) -> None:
        if payer is None:
            await self._holding.give_back()
            await self.advance(self._desk.ending or Status.FAILED, final=True)
        else:
            await self._holding.leave_to(payer)
            await self.advance(Status.SETTLED, final=True)

    async def _paid(self) -> MerchantAccount | None:
        """The account that paid, or None: certainly none did, and the facts say why."""
        cascade = Cascade(await self._routed(), in_time=False)
        while (account := cascade.next_account()) is not None:
            if self._desk.ending is not None or not await self._may_pay_now(account):
                return None
            self._desk.close()
            outcome = await self._pay(account, cascade.number)
            if isinstance(outcome, Approved):
                self.learn(account=account, psp_ref=outcome.psp_ref, problem=None)
                return account
            cascade.heard(account, outcome)
        self.learn(problem=cascade.problem)
        return None

    async def _routed(self) -> Route:
        """Where only stops by hand are in the way we wait, and ask anew when they may be over."""
        order, number = self._order, 1
        route = await books.route(routing_of(order))
        self._on_its_way = True
        while route.stopped and order.checks_stops and self._desk.ending is None:
            if await self._parking.may_move(moving_of(order, None)):
                number += 1
                route = await books.route(routing_of(order, number))
                if not route.stopped:
                    break
            await self._parking.rest()
        self._parking.leave()
        self.learn(route=route.taken)
        return route

    async def _may_pay_now(self, account: MerchantAccount) -> bool:
        """Once no stop is in the way. False: the payout was cancelled."""
        if not self._order.checks_stops:
            return True
        return await self._parking.passes(moving_of(self._order, account))

    async def _pay(self, account: MerchantAccount, number: int) -> Certain:
        order = self._order
        instruction = PayoutInstruction(
            key=key_of(self.id, Operation.PAYOUT, number),
            account=account,
            amount=order.amount,
            trace_id=order.trace_id,
            method=order.method,
            destination=order.destination,
            player_id=order.player.id,
        )

        async def promised(pending: Pending) -> None:
            await self.advance(Status.PROCESSING, account=account, psp_ref=pending.psp_ref)

        return await self.psp.settle(instruction, when_pending=promised)
