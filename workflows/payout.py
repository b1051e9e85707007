"""The payout: checked, held, approved where it must be, paid by the PSP, settled or given back."""

from __future__ import annotations

from temporalio import workflow

from . import books
from .approval import Desk
from .authorization import problem_of
from .domain.payments import Kind, Problem, Record, RouteRequest, ScreenRequest, Stopped
from .domain.payouts import NEXT, Approval, PayoutOrder, Status
from .domain.psp import (
    Approved,
    MerchantAccount,
    Operation,
    PayoutInstruction,
    Pending,
    key_of,
)
from .domain.routing import may_cascade
from .domain.wallet import Refused
from .hearing import Certain
from .holding import Holding
from .payment import Payment

EXPECTED = {
    Status.SUBMITTED: "our checks and the hold of the player's money",
    Status.AWAITING_APPROVAL: "a second person's word within 30 days; the money is held",
    Status.POSTPONED: "the end of the postponement, or an earlier `approve`",
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
        self._desk = Desk(self, order.requester)

    @workflow.run
    async def run(self, order: PayoutOrder) -> Record:
        """Gives the last record. Input: what the platform asked for."""
        return await self.to_the_end(self._payout, self._desk.cancel_if_possible)

    async def _payout(self) -> None:
        verdict = await books.screen(self._screening())
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
        route = await books.route(self._routing())
        self._on_its_way = True
        problem = Problem("no_route")
        for number, account in enumerate(route.candidates, 1):
            if self._desk.ending is not None:
                return None
            self._desk.close()
            outcome = await self._pay(account, number)
            if isinstance(outcome, Approved):
                self.learn(account=account, psp_ref=outcome.psp_ref, problem=None)
                return account
            problem = problem_of(outcome)
            if not may_cascade(outcome):
                break
        self.learn(problem=problem)
        return None

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

    def _screening(self) -> ScreenRequest:
        order = self._order
        return ScreenRequest(
            kind=Kind.PAYOUT,
            player=order.player,
            amount=order.amount,
            method=order.method,
            region=order.region,
            segment=order.segment,
            as_of=workflow.now().isoformat(),
        )

    def _routing(self) -> RouteRequest:
        order = self._order
        return RouteRequest(
            kind=Kind.PAYOUT,
            brand=order.player.brand,
            region=order.region,
            method=order.method,
            currency=order.amount.currency,
        )
