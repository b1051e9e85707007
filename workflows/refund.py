"""The refund: bounded by the capture, held at the wallet, returned by the PSP."""

from __future__ import annotations

from temporalio import workflow

from .cascade import problem_of
from .domain.deposits import credit_key_of
from .domain.payments import Kind, Problem, Record
from .domain.psp import Approved, Declined, NotSent, Operation, RefundInstruction, key_of
from .domain.refunds import NEXT, RefundOrder, Status
from .domain.wallet import Refused
from .holding import Holding
from .payment import Payment

EXPECTED = {
    Status.SUBMITTED: "the PSP's word that it has refunded, by webhook",
    Status.CLARIFYING: "certainty about an answer that was lost; we keep asking",
    Status.PROCESSED: "nothing, the money is back at its source",
}


@workflow.defn(name=Kind.REFUND)
class Refund(Payment[Status]):
    @workflow.init
    def __init__(self, order: RefundOrder) -> None:
        super().__init__(order, Status.SUBMITTED, NEXT, Status.CLARIFYING, EXPECTED)
        self._order = order
        self._on_its_way = False
        self._holding = Holding(order.refund_id, order.player, order.amount)

    @workflow.run
    async def run(self, order: RefundOrder) -> Record:
        """Gives the last record. Input: what the platform asked for."""
        return await self.to_the_end(self._refund, when_cancelled=lambda: None)

    async def _refund(self) -> None:
        held = await self._holding.take(against=credit_key_of(self._order.intent_id))
        if isinstance(held, Refused):
            await self.advance(Status.REFUSED, final=True, problem=Problem(held.reason))
        else:
            await self._close(await self._refunded())

    @workflow.update(description="Answers once the money is held, or the refund refused")
    async def accepted(self) -> Record:
        await workflow.wait_condition(lambda: self._on_its_way or self.has_rested)
        return self.record()

    async def _refunded(self) -> Approved | Declined | NotSent:
        self.learn(account=self._order.account)
        self._on_its_way = True
        return await self.psp.settle(
            RefundInstruction(
                key=key_of(self.id, Operation.REFUND),
                account=self._order.account,
                amount=self._order.amount,
                trace_id=self._order.trace_id,
                psp_ref=self._order.capture_ref,
                authorization_ref=self._order.authorization_ref,
            )
        )

    async def _close(self, outcome: Approved | Declined | NotSent) -> None:
        if isinstance(outcome, Approved):
            await self._holding.leave_to(self._order.account)
            await self.advance(Status.PROCESSED, final=True, psp_ref=outcome.psp_ref)
        else:
            await self._holding.give_back()
            await self.advance(Status.FAILED, final=True, problem=problem_of(outcome))
