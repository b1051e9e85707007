"""The deposit: a player's wish, a hold at a PSP, a capture, a credit to the wallet."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from . import books
from .authorization import Authorization, Hold, release
from .cascade import problem_of
from .checks import moving_of, routing_of, screening_of
from .domain.deposits import (
    NEXT,
    AuthorizeCommand,
    CaptureCommand,
    CompleteCommand,
    DepositOrder,
    Status,
    capture_id_of,
    credit_key_of,
)
from .domain.money import Money
from .domain.payments import CaptureMethod, Kind, Problem, Record, Stopped
from .domain.psp import Approved, CaptureInstruction, Declined, Operation, Pending, key_of
from .domain.wallet import Credit
from .holding import posted_or_bug
from .parking import Parking
from .payment import Payment
from .policies import HOLD_LASTS, LOOK_BEFORE_A_HOLD_LAPSES, RETURNS_AT_MOST

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
        super().__init__(order, Status.INITIATED, NEXT, Status.CLARIFYING, EXPECTED)
        self._order = order
        self._token = order.payment_token
        # Of the opening, not of the first task: the run may have slept since.
        opened = workflow.info().start_time
        self._expires = opened + timedelta(seconds=order.expires_in_seconds)
        self._authorize_ordered = False
        self._came_back: dict[str, str] | None = None
        self._returns = 0
        self._held: Money | None = None
        self._looked_at_hold = self._hold_is_gone = False
        self._to_capture: Money | None = None
        self._ending: Status | None = None
        self._parking = Parking(self, Status.PARKED, Status.AUTHORIZED, self._is_given_up)

    @workflow.run
    async def run(self, order: DepositOrder) -> Record:
        """Gives the last record. Input: what the platform asked for."""
        return await self.to_the_end(self._deposit, self._end_if_possible)

    async def _deposit(self) -> None:
        hold = await self._authorized() if await self._player_goes_ahead() else None
        capture = await self._captured(hold) if hold is not None else None
        if hold is not None and capture is not None:
            await self._credit(hold, capture)
            await self._release_the_rest(hold, capture)
        else:
            await self._close(hold)

    async def _close(self, hold: Hold | None) -> None:
        if hold is not None and not self._hold_is_gone:
            await release(self.psp, hold.void(hold.amount))
        await self.advance(self._ending or Status.FAILED, final=True, redirect_url=None)

    # --- commands -----------------------------------------------------------------------------

    @workflow.update(description="Hold the amount; with automatic capture, go on to the credit")
    async def authorize(self, command: AuthorizeCommand) -> Record:
        self._token = command.payment_token or self._token
        self._authorize_ordered = True
        return await self.next_rest()

    @authorize.validator
    def _may_authorize(self, command: AuthorizeCommand) -> None:
        idle = self.status is Status.INITIATED and not self._authorize_ordered
        self.require(idle and self._ending is None, "authorize")

    @workflow.update(description="Go on: the player is back from the PSP's page")
    async def complete(self, command: CompleteCommand) -> Record:
        self._came_back, self._returns = command.parameters, self._returns + 1
        return await self.next_rest()

    @complete.validator
    def _may_complete(self, command: CompleteCommand) -> None:
        waits = self.status in (Status.REQUIRES_ACTION, Status.PENDING)
        unauthorized = self.facts.captured is None and self._held is None
        self.require(waits and unauthorized and self._ending is None, "complete")
        self.require(self._returns < RETURNS_AT_MOST, f"to complete {RETURNS_AT_MOST + 1} times")

    @workflow.update(description="Capture what is held, or a part of it")
    async def capture(self, command: CaptureCommand) -> Record:
        self._to_capture = command.amount or self._held
        return await self.next_rest()

    @capture.validator
    def _may_capture(self, command: CaptureCommand) -> None:
        self.require(self._waits_for_capture, "capture")
        held, amount = self._held, command.amount
        if amount is None or held is None:
            return
        if amount.currency != held.currency or amount.is_zero or amount > held:
            raise ApplicationError(
                f"capture an amount above zero and up to {held}",
                type="InvalidAmount",
                non_retryable=True,
            )

    @workflow.update(description="Release the hold; nothing is captured")
    async def void(self) -> Record:
        self._ending = Status.VOIDED
        return await self.next_rest()

    @void.validator
    def _may_void(self) -> None:
        self.require(self._waits_for_capture or self._may_leave_parking, "void")

    @workflow.update(description="End the deposit before it is captured, undoing what was done")
    async def cancel(self) -> Record:
        self._ending = Status.CANCELLED
        return await self.next_rest()

    @cancel.validator
    def _may_cancel(self) -> None:
        self.require(self._can_end, "cancel")

    @property
    def _waits_for_capture(self) -> bool:
        resting = self.status is Status.AUTHORIZED and self._held is not None
        return resting and self._to_capture is None and self._ending is None

    @workflow.signal(description="A stop may be over: ask again whether the capture may go on")
    def resume(self) -> None:
        self._parking.resume()

    @property
    def _may_leave_parking(self) -> bool:
        return self._parking.waits and self._ending is None

    @property
    def _can_end(self) -> bool:
        idle = not self.final and self._to_capture is None and self._ending is None
        return idle or self._may_leave_parking

    def _is_given_up(self) -> bool:
        return self._ending is not None

    def _end_if_possible(self) -> None:
        if self._can_end:
            self._ending = Status.CANCELLED

    # --- steps --------------------------------------------------------------------------------

    async def _player_goes_ahead(self) -> bool:
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: self._authorize_ordered or self._ending is not None,
                timeout=max(self._expires - workflow.now(), timedelta(milliseconds=1)),
                timeout_summary="Until the intent expires",
            )
        if not self._authorize_ordered and self._ending is None:
            self._ending = Status.EXPIRED
        return self._ending is None

    async def _authorized(self) -> Hold | None:
        verdict, route = await asyncio.gather(
            books.screen(screening_of(self._order)), books.route(routing_of(self._order))
        )
        if isinstance(verdict, Stopped):
            self.learn(problem=Problem(verdict.reason))
            return None
        self.learn(route=route.taken)
        authorization = Authorization(
            payment=self,
            order=self._order,
            token=self._token,
            given_up=self._is_given_up,
            is_back=lambda: self._came_back is not None,
            take_back=self._take_back,
            expires=self._expires,
        )
        hold = await authorization.obtain(route)
        if hold is not None:
            self.move(
                Status.AUTHORIZED,
                account=hold.instruction.account,
                psp_ref=hold.approved.psp_ref,
                authentication=hold.approved.authentication,
                redirect_url=None,
            )
        elif self._ending is None and self.facts.problem is None:
            self._ending = Status.EXPIRED
        return hold

    def _take_back(self) -> dict[str, str]:
        parameters, self._came_back = self._came_back or {}, None
        return parameters

    async def _capture_ordered(self, hold: Hold) -> Money | None:
        if self._ending is not None:
            return None
        self._held = hold.amount
        if self._order.capture_method is CaptureMethod.AUTOMATIC:
            self._to_capture = hold.amount
            return hold.amount
        await self.advance(Status.AUTHORIZED)
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: self._to_capture is not None or self._ending is not None,
                timeout=HOLD_LASTS,
                timeout_summary="Until the hold is voided",
            )
        if self._to_capture is None and self._ending is None:
            self._ending = Status.EXPIRED
        return self._to_capture

    async def _captured(self, hold: Hold) -> Approved | None:
        lapses = workflow.now() + HOLD_LASTS
        amount = await self._capture_ordered(hold)
        if amount is None or not await self._may_capture_now(hold, lapses):
            return None
        outcome = await self.psp.settle(
            CaptureInstruction(
                key=key_of(self.id, Operation.CAPTURE),
                account=hold.instruction.account,
                amount=amount,
                trace_id=self._order.trace_id,
                psp_ref=hold.approved.psp_ref,
            ),
            when_pending=self._capture_promised,
        )
        if isinstance(outcome, Approved):
            return outcome
        self.learn(problem=problem_of(outcome))
        return None

    async def _may_capture_now(self, hold: Hold, lapses: datetime) -> bool:
        """Once no stop is in the way. False: the hold was given up, or will lapse, or has."""
        if not self._order.checks_stops:
            return True
        request = moving_of(self._order, hold.instruction.account)
        return await self._parking.passes(request, lambda: self._watch_over(hold, lapses))

    async def _watch_over(self, hold: Hold, lapses: datetime) -> datetime:
        """A hold that is parked may be gone before it lapses: we look once, and void it in time."""
        now, look_at = workflow.now(), lapses - LOOK_BEFORE_A_HOLD_LAPSES
        if now >= lapses:
            self._ending = self._ending or Status.EXPIRED
        elif now >= look_at and not self._looked_at_hold:
            self._looked_at_hold = True
            found = await self.psp.look_up(hold.instruction, hold.approved.psp_ref)
            if isinstance(found, Declined):
                self._hold_is_gone = True
                self._ending = self._ending or Status.EXPIRED
                self.learn(problem=problem_of(found))
        return lapses if self._looked_at_hold else look_at

    async def _capture_promised(self, pending: Pending) -> None:
        await self.advance(Status.PENDING)

    async def _credit(self, hold: Hold, capture: Approved) -> None:
        command = Credit(
            key=credit_key_of(self.id),
            player=self._order.player,
            amount=capture.amount,
            source=hold.instruction.account,
            payment_id=self.id,
        )
        posted_or_bug(await books.credit(command), command.key)
        await self.advance(
            Status.CAPTURED,
            final=capture.amount == hold.amount,
            captured=capture.amount,
            capture_id=capture_id_of(self.id),
            capture_ref=capture.psp_ref,
        )

    async def _release_the_rest(self, hold: Hold, capture: Approved) -> None:
        rest = hold.amount - capture.amount
        if not rest.is_zero:
            await release(self.psp, hold.void(rest, after_capture=True))
            await self.advance(Status.CAPTURED, final=True)
