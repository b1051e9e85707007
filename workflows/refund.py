"""The refund: bounded by the capture, held at the wallet, returned by the PSP."""

from __future__ import annotations

from dataclasses import replace

from temporalio import workflow

from .domain.deposits import credit_key_of
from .domain.identity import Kind, key_of
from .domain.payments import Problem
from .domain.psp import Approved, Operation, RefundInstruction, Rival
from .domain.records import Overtaken, Record, Result
from .domain.refunds import NEXT, RefundOrder, Status
from .domain.wallet import Refused
from .steps import stubs
from .steps.cascade import problem_of
from .steps.ending import Ending
from .steps.payment import Payment
from .steps.wallet_hold import WalletHold

EXPECTED = {
    Status.SUBMITTED: "the PSP's word that it has refunded, by webhook",
    Status.CLARIFYING: "certainty about an answer that was lost; we keep asking",
    Status.PROCESSED: "nothing, the money is back at its source",
}


@workflow.defn(name=Kind.REFUND)
class Refund(Payment[Status]):
    @workflow.init
    def __init__(self, order: RefundOrder) -> None:
        super().__init__(Kind.REFUND, order, Status.SUBMITTED, NEXT, Status.CLARIFYING, EXPECTED)
        self._order = order
        self._on_its_way = False
        self._wallet_hold = WalletHold(order.refund_id, order.player, order.amount, self.terms)

    @workflow.run
    async def run(self, order: RefundOrder) -> Result:
        """Gives how it ended. Input: what the platform asked for."""
        return await self.to_the_end(self._refund, when_cancelled=lambda: None)

    async def _refund(self) -> None:
        held = await self._wallet_hold.take(against=credit_key_of(self._order.intent_id))
        if isinstance(held, Refused):
            problem = Problem(held.reason)
            await self.close(Status.REFUSED, self._wallet_hold.given_back(), problem=problem)
        else:
            await self._close(await self._refunded(self._instruction()))

    async def _close(self, outcome: Approved | Ending[Status]) -> None:
        while isinstance(outcome, Ending):
            given_back = self._wallet_hold.given_back()
            if await self.close(outcome.status, given_back, problem=outcome.problem) is None:
                return
            # The PSP was asked before, by a run that this one does not know of.
            outcome = await self._refunded_before() or outcome
        left = self._wallet_hold.left_by(self._order.account)
        await self.close(Status.PROCESSED, left, psp_ref=outcome.psp_ref)

    # --- commands -----------------------------------------------------------------------------

    @workflow.update(description="Answers once the money is held, or the refund refused")
    async def accepted(self) -> Record:
        await workflow.wait_condition(lambda: self._on_its_way or self.has_rested)
        return self.record()

    @accepted.validator
    def _may_accept(self) -> None:
        """Anybody may ask; what has arguments is not this question."""

    # --- steps --------------------------------------------------------------------------------

    async def _refunded(self, instruction: RefundInstruction) -> Approved | Ending[Status]:
        self.learn(account=self._order.account)
        self._on_its_way = True
        try:
            outcome = await self.psp.settle(instruction)
        except Overtaken as overtaken:
            return await self._refunded(self._like(overtaken.rival))
        if isinstance(outcome, Approved):
            return outcome
        return Ending(Status.FAILED, problem_of(outcome))

    async def _refunded_before(self) -> Approved | Ending[Status] | None:
        """What became of what was asked earlier. None: nothing was."""
        known = await stubs.recall(self.id)
        rival = next((each.as_rival for each in known.asked if each.may_have_moved), None)
        return None if rival is None else await self._refunded(self._like(rival))

    def _like(self, rival: Rival) -> RefundInstruction:
        return replace(self._instruction(), key=rival.key, amount=rival.amount)

    def _instruction(self) -> RefundInstruction:
        return RefundInstruction(
            key=key_of(self.id, Operation.REFUND),
            account=self._order.account,
            amount=self._order.amount,
            trace_id=self._order.trace_id,
            psp_ref=self._order.capture_ref,
            authorization_ref=self._order.authorization_ref,
            order=self.terms,
        )
