"""The deposit: a player's wish, a hold at a PSP, a capture, a credit to the wallet."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from . import books
from .authorization import Authorization, Hold, problem_of, release
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
from .domain.payments import (
    CaptureMethod,
    Kind,
    Problem,
    Record,
    RouteRequest,
    ScreenRequest,
    Stopped,
)
from .domain.psp import Approved, CaptureInstruction, Operation, Pending, key_of
from .domain.wallet import Credit
from .holding import posted_or_bug
from .payment import Payment
from .policies import HOLD_LASTS, RETURNS_AT_MOST

EXPECTED = {
    Status.INITIATED: "`authorize` and the PSP's answer; without `authorize` the intent expires",
    Status.REQUIRES_ACTION: "the player on the PSP's page; `complete` tells that they are back",
    Status.PENDING: "the PSP's result, by webhook or when we ask again",
    Status.CLARIFYING: "certainty about an answer that was lost; we keep asking",
    Status.AUTHORIZED: "the capture, at once or by `capture`; `void` releases the hold",
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
        self._to_capture: Money | None = None
        self._ending: Status | None = None

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
        if hold is not None:
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
        self.require(self._waits_for_capture, "void")

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

    @property
    def _can_end(self) -> bool:
        return not self.final and self._to_capture is None and self._ending is None

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
            books.screen(self._screening()), books.route(self._routing())
        )
        if isinstance(verdict, Stopped):
            self.learn(problem=Problem(verdict.reason))
            return None
        authorization = Authorization(
            payment=self,
            order=self._order,
            token=self._token,
            given_up=lambda: self._ending is not None,
            is_back=lambda: self._came_back is not None,
            take_back=self._take_back,
            expires=self._expires,
        )
        hold = await authorization.obtain(route.candidates)
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
        amount = await self._capture_ordered(hold)
        if amount is None:
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

    def _screening(self) -> ScreenRequest:
        order = self._order
        return ScreenRequest(
            kind=Kind.DEPOSIT,
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
            kind=Kind.DEPOSIT,
            brand=order.player.brand,
            region=order.region,
            method=order.method,
            currency=order.amount.currency,
        )
