"""The deposit: a player's wish, a hold at a PSP, a capture, a credit to the wallet."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from .domain.deposits import (
    NEXT,
    AuthorizeCommand,
    CaptureCommand,
    CompleteCommand,
    DepositOrder,
    Status,
    credit_key_of,
)
from .domain.events import PspEvent
from .domain.identity import Kind, capture_id_of
from .domain.payments import Problem
from .domain.psp import Approved, Operation
from .domain.records import Overtaken, Recalled, Record, Result, Unfinished
from .domain.risk import Stopped
from .domain.seals import Seal
from .domain.wallet import Credit
from .policies import RETURNS_AT_MOST
from .steps import stubs
from .steps.authorization import Authorization
from .steps.capturing import Capturing
from .steps.door import when_sealed
from .steps.ending import Ending
from .steps.going_ahead import GoingAhead
from .steps.messages import require_is
from .steps.payment import Payment
from .steps.psp_hold import PspHold
from .steps.releasing import release
from .steps.requests import clearance_of, routing_of

EXPECTED = {
    Status.INITIATED: "`authorize` and the PSP's answer; without `authorize` the intent expires",
    Status.REQUIRES_ACTION: "the player on the PSP's page; `complete` tells that they are back",
    Status.PENDING: "the PSP's result, by webhook or when we ask again",
    Status.CLARIFYING: "certainty about an answer that was lost; we keep asking",
    Status.AUTHORIZED: "the capture, at once or by `capture`; `void` releases the hold",
    Status.PARKED: "the end of the stop, for as long as the hold lasts; `void` releases it",
    Status.CAPTURED: "nothing, the player has been credited",
}


@workflow.defn(name=Kind.DEPOSIT)
class Deposit(Payment[Status]):
    @workflow.init
    def __init__(self, order: DepositOrder) -> None:
        super().__init__(Kind.DEPOSIT, order, Status.INITIATED, NEXT, Status.CLARIFYING, EXPECTED)
        self._order = order
        self._ending: Ending[Status] | None = None
        """Without a capture, once that is decided: by a person, by time, or by an earlier run."""
        self._going = GoingAhead(self, order, lambda: self._is_given_up)
        self._authorization = Authorization(self, order, self._going, lambda: self._ending)
        self._capturing = Capturing(self, order, lambda: self._ending)

    @workflow.run
    async def run(self, order: DepositOrder) -> Result:
        """Gives how it ended. Input: what the platform asked for."""
        return await self.to_the_end(self._deposit, self._cancel_if_possible)

    async def _deposit(self) -> None:
        if self._order.rebuilt:
            self.facts = (await self._go_on()).facts
        ending = await self._player_stays_away()
        await self._finish(ending or await self._authorized())

    async def _finish(self, held: PspHold | Ending[Status]) -> None:
        if isinstance(held, Ending):
            await self._end(held)
            return
        capture = await self._capturing.captured(held)
        if isinstance(capture, Ending):
            capture = await self._let_go(held, capture)
        if isinstance(capture, Ending):
            await self._end(capture)
        else:
            await self._credit(held, capture)
            await self._release_the_rest(held, capture)

    # --- commands -----------------------------------------------------------------------------

    @workflow.update(description="Hold the amount; with automatic capture, go on to the credit")
    async def authorize(self, command: AuthorizeCommand, seal: Seal | None = None) -> Record:
        await self._going.obey(command, seal)
        return await self.next_rest("authorize", {Status.CAPTURED})

    @authorize.validator
    @when_sealed
    def _may_authorize(self, command: AuthorizeCommand, seal: Seal | None = None) -> None:
        self._going.require(command)

    @workflow.update(description="How far it has come: answered when it rests")
    async def accepted(self) -> Record:
        await workflow.wait_condition(lambda: self.has_rested)
        return self.record()

    @accepted.validator
    def _may_accept(self) -> None:
        """Anybody may ask; what has arguments is not this question."""

    @workflow.update(description="Go on: the player is back from the PSP's page")
    async def complete(self, command: CompleteCommand, seal: Seal | None = None) -> Record:
        before = self.rests
        await self.door.require("complete", seal, self._require_few_returns, command)
        if self._is_completable:
            self._authorization.player.come(command.parameters)
        return await self.next_rest("complete", {Status.CAPTURED}, before)

    @complete.validator
    @when_sealed
    def _may_complete(self, command: CompleteCommand, seal: Seal | None = None) -> None:
        require_is(command, CompleteCommand)
        self.require(self._is_completable, "complete")
        self._require_few_returns()

    @workflow.update(description="Capture what is held, or a part of it")
    async def capture(self, command: CaptureCommand, seal: Seal | None = None) -> Record:
        await self.door.require("capture", seal, self._may_capture, command)
        self._capturing.order_to_capture(command.amount)
        return await self.next_rest("capture", {Status.CAPTURED})

    @capture.validator
    @when_sealed
    def _may_capture(self, command: CaptureCommand, seal: Seal | None = None) -> None:
        require_is(command, CaptureCommand)
        self.require(self._capturing.waits, "capture")
        hold, amount = self._capturing.hold, command.amount
        if amount is None or hold is None:
            return
        held = hold.amount
        if amount.currency != held.currency or amount.is_zero or amount > held:
            raise ApplicationError(
                f"capture an amount above zero and up to {held}",
                type="InvalidAmount",
                non_retryable=True,
            )

    @workflow.update(description="Release the hold; nothing is captured")
    async def void(self, seal: Seal | None = None) -> Record:
        await self.door.require("void", seal, self._may_void)
        self._ending = Ending(Status.VOIDED)
        return await self.next_rest("void", {Status.VOIDED})

    @void.validator
    @when_sealed
    def _may_void(self, seal: Seal | None = None) -> None:
        self.require(self._capturing.waits or self._capturing.is_parked, "void")

    @workflow.update(description="End the deposit before it is captured, undoing what was done")
    async def cancel(self, seal: Seal | None = None) -> Record:
        await self.door.require("cancel", seal, self._may_cancel)
        self._ending = Ending(Status.CANCELLED)
        return await self.next_rest("cancel", {Status.CANCELLED})

    @cancel.validator
    @when_sealed
    def _may_cancel(self, seal: Seal | None = None) -> None:
        self.require(self._can_end, "cancel")

    @workflow.signal(description="A stop may be over: ask again whether the capture may go on")
    def resume(self, *_: object) -> None:
        self._capturing.parked_wait.resume()

    def take_in(self, event: PspEvent) -> None:
        if not self._capturing.takes_in(event):
            super().take_in(event)

    @property
    def _is_completable(self) -> bool:
        waits = not self._is_given_up and self.status in (Status.REQUIRES_ACTION, Status.PENDING)
        return waits and self.facts.captured is None and self._capturing.hold is None

    def _require_few_returns(self, *_: object) -> None:
        few = self._authorization.player.may_come
        self.require(few, f"to complete {RETURNS_AT_MOST + 1} times")

    @property
    def _can_end(self) -> bool:
        idle = not self.final and self._capturing.amount is None and not self._is_given_up
        return idle or self._capturing.is_parked

    def _cancel_if_possible(self) -> None:
        if self._can_end:
            self._end_as(Ending(Status.CANCELLED))

    @property
    def _is_given_up(self) -> bool:
        """By a person or the time, or at the PSP at this moment."""
        return self._ending is not None or self._capturing.ending is not None

    def _end_as(self, ending: Ending[Status]) -> None:
        """The first word counts. A failure may still be cancelled, until the books tell of it."""
        if ending.problem is not None:
            self.learn(problem=ending.problem)
        if ending.status is not Status.FAILED:
            self._ending = self._ending or ending

    # --- steps --------------------------------------------------------------------------------

    async def _go_on(self) -> Recalled:
        """From where the run was that was lost: what was asked of PSPs was decided then."""
        known = await stubs.recall(self.id)
        asked = [each for each in known.asked if each.may_have_moved]
        before = sum(each.operation == Operation.AUTHORIZE for each in known.asked)
        self._authorization.asked_before = before
        self._going.is_ordered |= before > 0
        captures = [each for each in asked if each.operation == Operation.CAPTURE]
        if captures:
            self._capturing.order_to_capture(captures[-1].amount)
        elif any(each.operation == Operation.VOID for each in asked) and len(asked) > 1:
            held = known.status in (Status.AUTHORIZED, Status.PARKED)
            self._end_as(Ending(Status.VOIDED if held else Status.CANCELLED))
        return known

    async def _player_stays_away(self) -> Ending[Status] | None:
        """None: the player goes ahead."""
        if self._authorization.asked_before:
            return None
        goes_ahead = await self._going.wait(lambda: self._ending is not None)
        return self._ending or (None if goes_ahead else Ending(Status.EXPIRED))

    async def _authorized(self) -> PspHold | Ending[Status]:
        cleared = await stubs.clear(clearance_of(self._order))
        route = cleared.route
        if isinstance(cleared.verdict, Stopped):
            refused = Ending(Status.FAILED, Problem(cleared.verdict.reason))
            self._end_as(refused)
            # Whoever was asked before, by a run that this one does not know of, may hold the money.
            await self._go_on()
            if not self._authorization.asked_before:
                return refused
            self._ending = self._ending or refused
        if route is None:
            route = await stubs.route(routing_of(self._order))
        self.learn(route=route.taken)
        held = await self._authorization.obtain(route)
        if isinstance(held, PspHold):
            self.move(
                Status.AUTHORIZED,
                account=held.instruction.account,
                psp_ref=held.approved.psp_ref,
                authentication=held.approved.authentication or self.facts.authentication,
                redirect_url=None,
            )
        return held

    async def _let_go(self, hold: PspHold, ending: Ending[Status]) -> Approved | Ending[Status]:
        """Nothing is held any more. A capture that was asked before excludes the release: what
        becomes of it is what becomes of the deposit."""
        self._end_as(ending)
        if self._capturing.hold_is_gone:
            return ending
        try:
            await release(self.psp, hold.void(hold.amount))
        except Overtaken as overtaken:
            return await self._capturing.capture(hold, overtaken.rival.amount, overtaken.rival.key)
        return ending

    async def _end(self, ending: Ending[Status]) -> None:
        self._end_as(ending)
        await self.let_history_have_it()
        ending = self._ending or ending
        try:
            await self.advance(ending.status, final=True, redirect_url=None)
        except Unfinished:
            # A PSP was asked before, by a run that this one does not know of.
            await self._go_on()
            await self._finish(await self._authorized())

    async def _credit(self, hold: PspHold, capture: Approved) -> None:
        await self.close(
            Status.CAPTURED,
            Credit(
                key=credit_key_of(self.id),
                player=self._order.player,
                amount=capture.amount,
                source=hold.instruction.account,
                payment_id=self.id,
            ),
            final=capture.amount == hold.amount,
            captured=capture.amount,
            capture_id=capture_id_of(self.id),
            capture_ref=capture.psp_ref,
        )

    async def _release_the_rest(self, hold: PspHold, capture: Approved) -> None:
        rest = hold.amount - capture.amount
        if not rest.is_zero:
            await release(self.psp, hold.void(rest, after_capture=True))
            await self.advance(Status.CAPTURED, final=True)
