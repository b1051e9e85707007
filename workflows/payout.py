"""The payout: checked, held, approved where it must be, paid by the PSP, settled or given back."""

from __future__ import annotations

from dataclasses import replace

from temporalio import workflow

from .domain.identity import Kind, key_of
from .domain.payments import Problem, Route
from .domain.payouts import NEXT, Approval, PayoutOrder, Status
from .domain.psp import Approved, MerchantAccount, Operation, PayoutInstruction, Pending, Rival
from .domain.records import Overtaken, Record, Result
from .domain.risk import Stopped
from .domain.seals import Seal
from .domain.wallet import Refused
from .steps import stubs
from .steps.approval import ApprovalGate
from .steps.cascade import Cascade
from .steps.door import when_sealed
from .steps.ending import Ending
from .steps.messages import require_is
from .steps.parking import ParkedWait
from .steps.payment import Payment
from .steps.psp_calls import Certain
from .steps.requests import moving_of, routing_of, screening_of
from .steps.wallet_hold import WalletHold

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
        super().__init__(Kind.PAYOUT, order, Status.SUBMITTED, NEXT, Status.CLARIFYING, EXPECTED)
        self._order = order
        self._on_its_way = self._psp_is_asked = False
        self._ending: Ending[Status] | None = None
        """Without a payment, once that is decided: by a person, or by time."""
        self._wallet_hold = WalletHold(order.payout_id, order.player, order.amount, self.terms)
        self._parked_wait = ParkedWait(self, Status.PARKED, Status.SUBMITTED, self._is_given_up)
        self._approval_gate = ApprovalGate(self, order.requester, lambda: self._ending)

    @workflow.run
    async def run(self, order: PayoutOrder) -> Result:
        """Gives how it ended. Input: what the platform asked for."""
        return await self.to_the_end(self._payout, self._cancel_if_possible)

    async def _payout(self) -> None:
        if self._order.rebuilt and await self._was_asked():
            await self._close(await self._paid())
            return
        verdict = await stubs.screen(screening_of(self._order))
        if isinstance(verdict, Stopped):
            await self._refuse(verdict.reason)
        elif isinstance(await self._wallet_hold.take(), Refused):
            await self._refuse("insufficient_funds")
        else:
            self.learn(approval_reasons=verdict.why)
            ending = await self._approval_gate.passes() if verdict.needs_approval else None
            await self._close(ending or await self._paid())

    async def _close(self, payer: MerchantAccount | Ending[Status]) -> None:
        while isinstance(payer, Ending):
            self._end_as(payer)
            await self.let_history_have_it()
            how = self._ending or payer
            if await self.close(how.status, self._wallet_hold.given_back()) is None:
                return
            # A PSP was asked before, by a run that this one does not know of.
            payer = await self._paid_before()
        await self.close(Status.SETTLED, self._wallet_hold.left_by(payer))

    # --- commands -----------------------------------------------------------------------------

    @workflow.update(description="Answers once the money is held, or the payout refused")
    async def accepted(self) -> Record:
        await workflow.wait_condition(lambda: self._on_its_way or self.has_rested)
        return self.record()

    @accepted.validator
    def _may_accept(self) -> None:
        """Anybody may ask; what has arguments is not this question."""

    @workflow.update(description="A second person's decision: approve, decline or postpone")
    async def approve(self, approval: Approval, seal: Seal | None = None) -> Record:
        await self.door.require("approve", seal, self._may_approve, approval)
        return await self._approval_gate.decide(approval)

    @approve.validator
    @when_sealed
    def _may_approve(self, approval: Approval, seal: Seal | None = None) -> None:
        require_is(approval, Approval)
        self._approval_gate.validate(approval)

    @workflow.update(description="Give the money back, as long as no PSP has been asked")
    async def cancel(self, seal: Seal | None = None) -> Record:
        await self.door.require("cancel", seal, self._may_cancel)
        self._ending = Ending(Status.CANCELLED)
        return await self.next_rest("cancel", {Status.CANCELLED})

    @cancel.validator
    @when_sealed
    def _may_cancel(self, seal: Seal | None = None) -> None:
        self.require(self._can_cancel, "cancel")

    @workflow.signal(description="A stop may be over: ask again whether the payout may go on")
    def resume(self, *_: object) -> None:
        self._parked_wait.resume()

    @property
    def _can_cancel(self) -> bool:
        idle = not self._psp_is_asked or self._parked_wait.waits
        return idle and not self.final and not self._is_given_up()

    def _cancel_if_possible(self) -> None:
        if self._can_cancel:
            self._ending = Ending(Status.CANCELLED)

    def _is_given_up(self) -> bool:
        return self._ending is not None

    def _end_as(self, ending: Ending[Status]) -> None:
        """The first word counts. A failure may still be cancelled, until the books tell of it."""
        if ending.problem is not None:
            self.learn(problem=ending.problem)
        if ending.status is not Status.FAILED:
            self._ending = self._ending or ending

    # --- steps --------------------------------------------------------------------------------

    async def _was_asked(self) -> bool:
        """Whether a PSP may have paid already: then nobody decides again, we find out."""
        known = await stubs.recall(self.id)
        self.facts = known.facts
        return any(each.may_have_moved for each in known.asked)

    async def _refuse(self, reason: str) -> None:
        given_back = self._wallet_hold.given_back()
        if await self.close(Status.REFUSED, given_back, problem=Problem(reason)) is not None:
            # A PSP was asked before, by a run that this one does not know of.
            await self._close(await self._paid_before())

    async def _paid(self) -> MerchantAccount | Ending[Status]:
        """The account that paid; or how the payout ends, as certainly none did."""
        cascade = Cascade(await self._routed(), in_time=False)
        while (account := cascade.next_account()) is not None:
            if self._ending is not None:
                return self._ending
            self._psp_is_asked = True
            account, outcome = await self._pay(self._instruction(account, cascade.number))
            if isinstance(outcome, Ending):
                return outcome
            if isinstance(outcome, Approved):
                return self._paid_by(account, outcome)
            cascade.heard(account, outcome)
        return Ending(Status.FAILED, cascade.problem)

    async def _routed(self) -> Route:
        """Where only stops by hand are in the way we wait, and ask anew when they may be over."""
        order, number = self._order, 1
        route = await stubs.route(routing_of(order))
        self._on_its_way = True
        while route.stopped and not self._is_given_up():
            if await self._parked_wait.may_move(moving_of(order, None)):
                number += 1
                route = await stubs.route(routing_of(order, number))
                if not route.stopped:
                    break
            await self._parked_wait.rest()
        self._parked_wait.leave()
        self.learn(route=route.taken)
        return route

    async def _pay(
        self, instruction: PayoutInstruction
    ) -> tuple[MerchantAccount, Certain | Ending[Status]]:
        """Who was asked, and what came of it; or how the payout was ended before."""
        account = instruction.account

        async def promised(pending: Pending) -> None:
            await self.advance(Status.PROCESSING, account=account, psp_ref=pending.psp_ref)

        try:
            outcome = await self.psp.settle_when_it_may(
                instruction, self._parked_wait.gate(moving_of(self._order, account)), promised
            )
        except Overtaken as overtaken:
            return await self._pay(self._like(instruction, overtaken.rival))
        what_is = outcome or self._ending
        if what_is is None:
            raise AssertionError("a payout that is not asked for was ended")
        return account, what_is

    async def _paid_before(self) -> MerchantAccount | Ending[Status]:
        """What became of what was asked earlier: until it is certain, nothing is given back."""
        known = await stubs.recall(self.id)
        rival = next((each.as_rival for each in known.asked if each.may_have_moved), None)
        if rival is None:
            return Ending(Status.FAILED)
        first = self._instruction(rival.account, 1)
        account, outcome = await self._pay(self._like(first, rival))
        if not isinstance(outcome, Approved):
            return Ending(Status.FAILED)
        return self._paid_by(account, outcome)

    def _paid_by(self, account: MerchantAccount, approved: Approved) -> MerchantAccount:
        self.learn(account=account, psp_ref=approved.psp_ref, problem=None)
        return account

    def _like(self, instruction: PayoutInstruction, rival: Rival) -> PayoutInstruction:
        return replace(instruction, key=rival.key, account=rival.account, amount=rival.amount)

    def _instruction(self, account: MerchantAccount, number: int) -> PayoutInstruction:
        order = self._order
        return PayoutInstruction(
            key=key_of(self.id, Operation.PAYOUT, number),
            account=account,
            amount=order.amount,
            trace_id=order.trace_id,
            method=order.method,
            destination=order.destination,
            player_id=order.player.id,
            order=self.terms,
        )
