"""Where a run waits while its next step is stopped by hand: seen by everybody, losing nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from temporalio import workflow

from workflows.domain.payments import MoveRequest
from workflows.domain.psp import Parked
from workflows.policies import ASK_AGAIN_AFTER

from . import stubs
from .gates import Gate, HeldUp
from .payment import Payment

S = TypeVar("S", bound=StrEnum)
T = TypeVar("T")
Watch = Callable[[], Awaitable[datetime]]
"""Done before each rest; gives the moment at which it is to be done again."""


class ParkedWait(Generic[S]):
    """Of one payment: `parked` is its state while it waits, `going` the one it goes on in.

    While it `waits` nothing is under way at a PSP, so that the payment may still be ended.
    """

    def __init__(
        self, payment: Payment[S], parked: S, going: S, given_up: Callable[[], bool]
    ) -> None:
        self.waits = False
        self._payment = payment
        self._parked, self._going = parked, going
        self._given_up = given_up
        self._resumed = False
        self._parked_by = Parked()

    def resume(self) -> None:
        """A stop may be over: it is asked again at once."""
        self._resumed = True

    async def passes(
        self, move: Callable[[], Awaitable[T]], request: MoveRequest, watch: Watch | None = None
    ) -> T | None:
        """What comes of the move, which is tried until no stop is in its way. None: the payment was
        given up meanwhile."""
        while True:
            try:
                return await move()
            except HeldUp as held_up:
                self._parked_by = held_up.parked
            while not self._given_up():
                await self.rest(until=await watch() if watch else None)
                if self._given_up() or await self.may_move(request):
                    break
            self.leave()
            if self._given_up():
                return None

    def gate(self, request: MoveRequest, watch: Watch | None = None) -> Gate:
        """The same as `passes`, for an instruction."""
        return lambda ask: self.passes(ask, request, watch)

    async def may_move(self, request: MoveRequest) -> bool:
        """Whether no stop by hand is in the way of it now."""
        answer = await stubs.may_move(request)
        if isinstance(answer, Parked):
            self._parked_by = answer
        return not isinstance(answer, Parked)

    async def rest(self, until: datetime | None = None) -> None:
        """Until the run is resumed or given up, an hour is over, or that moment has come."""
        if self._given_up():
            return
        self.waits = True
        facts, by = self._payment.facts, self._parked_by
        known = (self._payment.status, facts.stop_id, facts.case_id)
        if known != (self._parked, by.stop_id, by.case_id):
            await self._payment.advance(self._parked, stop_id=by.stop_id, case_id=by.case_id)
        pause = ASK_AGAIN_AFTER if until is None else min(ASK_AGAIN_AFTER, until - workflow.now())
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: self._resumed or self._given_up(),
                timeout=max(pause, timedelta(milliseconds=1)),
                timeout_summary="Until we ask again whether it is still stopped",
            )
        # Whoever resumes it from here on is heard: the question comes after.
        self._resumed = False

    def leave(self) -> None:
        """It is not parked any more; one that was given up goes to its end from where it is."""
        if self.waits:
            self.waits = False
            if self._given_up():
                self._payment.learn(stop_id=None, case_id=None)
            else:
                self._payment.move(self._going, stop_id=None, case_id=None)
