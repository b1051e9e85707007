"""Where a run waits while its next step is stopped by hand: seen by everybody, losing nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from temporalio import workflow

from . import books
from .domain.payments import MoveRequest, Parked
from .payment import Payment
from .policies import ASK_AGAIN_AFTER

S = TypeVar("S", bound=StrEnum)
Watch = Callable[[], Awaitable[datetime]]
"""Done before each rest; gives the moment at which it is to be done again."""


class Parking(Generic[S]):
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
        self._stop_id: int | None = None

    def resume(self) -> None:
        self._resumed = True

    async def passes(self, request: MoveRequest, watch: Watch | None = None) -> bool:
        """Wait until the money may move. False: the payment was given up."""
        while not await self.may_move(request):
            await self.rest(until=await watch() if watch else None)
            if self._given_up():
                break
        self.leave()
        return not self._given_up()

    async def may_move(self, request: MoveRequest) -> bool:
        answer = await books.may_move(request)
        self._stop_id = answer.stop_id if isinstance(answer, Parked) else None
        return not isinstance(answer, Parked)

    async def rest(self, until: datetime | None = None) -> None:
        """Until the run is resumed or given up, an hour is over, or that moment has come."""
        if self._given_up():
            return
        self.waits = True
        known = (self._payment.status, self._payment.facts.stop_id)
        if known != (self._parked, self._stop_id):
            await self._payment.advance(self._parked, stop_id=self._stop_id)
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
                self._payment.learn(stop_id=None)
            else:
                self._payment.move(self._going, stop_id=None)
