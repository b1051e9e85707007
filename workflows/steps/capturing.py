"""Capturing a hold: when it is ordered, once no stop is in the way, and once for all runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from temporalio import workflow

from workflows.domain.deposits import DepositOrder, Status
from workflows.domain.events import PspEvent
from workflows.domain.identity import key_of
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod, Problem
from workflows.domain.psp import (
    Approved,
    CaptureInstruction,
    Declined,
    NotSent,
    Operation,
    Pending,
    Rival,
)
from workflows.domain.records import Overtaken
from workflows.policies import HOLD_LASTS, LOOK_BEFORE_A_HOLD_LAPSES

from .cascade import problem_of
from .ending import Ending
from .gates import Gate, at_once
from .parking import ParkedWait
from .payment import Payment
from .psp_hold import PspHold
from .requests import moving_of


class Capturing:
    """Of one deposit. `given_up` gives how the deposit ends, once that is decided."""

    def __init__(
        self,
        payment: Payment[Status],
        order: DepositOrder,
        given_up: Callable[[], Ending[Status] | None],
    ) -> None:
        self.hold: PspHold | None = None
        self.amount: Money | None = None
        """What is ordered to be captured."""
        self.ending: Ending[Status] | None = None
        """By somebody who let go of the hold at the PSP, or because it lapses."""
        self.hold_is_gone = False
        """Let go of by somebody else, or lapsed: there is nothing to release."""
        self.parked_wait = ParkedWait(payment, Status.PARKED, Status.AUTHORIZED, self.is_given_up)
        self._payment, self._order = payment, order
        self._given_up = given_up
        self._there: Approved | None = None
        """A capture that somebody made at the PSP."""
        self._looked_at_hold = False

    def is_given_up(self) -> bool:
        """Or done already, by somebody at the PSP."""
        return self._instead() is not None

    def order_to_capture(self, amount: Money | None) -> None:
        """None: all that is held."""
        self.amount = amount or (self.hold.amount if self.hold else None)

    @property
    def waits(self) -> bool:
        """For an order to capture."""
        resting = self._payment.status is Status.AUTHORIZED and self.hold is not None
        return resting and self.amount is None and not self.is_given_up()

    @property
    def is_parked(self) -> bool:
        """Stopped by hand, with nothing under way at the PSP: it may still be ended."""
        return self.parked_wait.waits and not self.is_given_up()

    def takes_in(self, event: PspEvent) -> bool:
        """Somebody at the PSP may end the wait: by capturing, or by letting go."""
        hold = self.hold
        if hold is None or not (self.waits or self.is_parked) or not hold.is_meant_by(event):
            return False
        if event.hearsay:
            return False
        reply = event.reply
        if event.operation is Operation.CAPTURE and isinstance(reply, Approved):
            if not _covers(hold, reply.amount):
                return False
            self._there = reply
            return True
        if event.operation is Operation.VOID:
            self.hold_is_gone, self.ending = True, Ending(Status.VOIDED)
            self._payment.learn(problem=Problem("voided_at_psp"))
            return True
        return False

    async def captured(self, hold: PspHold) -> Approved | Ending[Status]:
        """What was captured, by us or by somebody at the PSP; or why it was not."""
        self.hold = hold
        if hold.approved.captured:
            # A sale: the money is taken, whatever was wished meanwhile.
            return hold.approved
        lapses = workflow.now() + HOLD_LASTS
        amount = await self._ordered(hold)
        if not isinstance(amount, Money):
            return amount
        gate = self.parked_wait.gate(
            moving_of(self._order, hold.instruction.account),
            lambda: self._watch_over(hold, lapses),
        )
        return await self.capture(hold, amount, key_of(self._payment.id, Operation.CAPTURE), gate)

    async def capture(
        self, hold: PspHold, amount: Money, key: str, gate: Gate = at_once
    ) -> Approved | Ending[Status]:
        """What was asked before, by a run that this one does not know of, is what happens."""
        instruction = CaptureInstruction(
            key=key,
            account=hold.instruction.account,
            amount=amount,
            trace_id=self._order.trace_id,
            psp_ref=hold.approved.psp_ref,
            authorize_key=hold.instruction.key,
            order=self._payment.terms,
        )
        try:
            outcome = await self._payment.psp.settle_when_it_may(instruction, gate, self._promised)
        except Overtaken as overtaken:
            return await self._follow(hold, overtaken.rival)
        if isinstance(outcome, Declined | NotSent):
            return Ending(Status.FAILED, problem_of(outcome))
        what_is = outcome or self._instead()
        if what_is is None:
            raise AssertionError("a capture that is not asked for was given up")
        return what_is

    async def _follow(self, hold: PspHold, rival: Rival) -> Approved | Ending[Status]:
        if rival.operation == Operation.CAPTURE:
            return await self.capture(hold, rival.amount, rival.key)
        return Ending(Status.VOIDED)

    async def _ordered(self, hold: PspHold) -> Money | Approved | Ending[Status]:
        """How much to capture, or what has come in place of an order."""
        if (instead := self._instead()) is not None:
            return instead
        if self.amount is None and self._order.capture_method is CaptureMethod.AUTOMATIC:
            self.amount = hold.amount
        if self.amount is not None:
            return self.amount
        await self._payment.advance(Status.AUTHORIZED)
        self._payment.take_in_again()
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: self.amount is not None or self.is_given_up(),
                timeout=HOLD_LASTS,
                timeout_summary="Until the hold is voided",
            )
        return self.amount or self._instead() or Ending(Status.EXPIRED)

    def _instead(self) -> Approved | Ending[Status] | None:
        """Of a capture of ours."""
        return self._there or self._given_up() or self.ending

    async def _watch_over(self, hold: PspHold, lapses: datetime) -> datetime:
        """A hold that is parked may be gone before it lapses: we look once, and void it in time."""
        now, look_at = workflow.now(), lapses - LOOK_BEFORE_A_HOLD_LAPSES
        if now >= lapses:
            self.ending = self.ending or Ending(Status.EXPIRED)
        elif now >= look_at and not self._looked_at_hold:
            self._looked_at_hold = True
            found = await self._payment.psp.look_up(hold.instruction, hold.approved.psp_ref)
            if isinstance(found, Declined):
                self.hold_is_gone, self.ending = True, self.ending or Ending(Status.EXPIRED)
                self._payment.learn(problem=problem_of(found))
        return lapses if self._looked_at_hold else look_at

    async def _promised(self, pending: Pending) -> None:
        await self._payment.advance(Status.PENDING)


def _covers(hold: PspHold, amount: Money) -> bool:
    return amount.currency == hold.amount.currency and not amount > hold.amount
