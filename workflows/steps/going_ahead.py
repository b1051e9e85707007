"""Whether and when a player goes ahead with a deposit: by its order, or by a command, in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows.domain.deposits import AuthorizeCommand, DepositOrder, FirstCommand, Status

from .messages import require_is
from .payment import Payment


class GoingAhead:
    """Of one deposit. `is_given_up` tells whether it is decided how it ends without a capture.

    The command with which the run began stands in its history from the start, so that it counts
    even where the update that brought it is lost; that update joins in.
    """

    def __init__(
        self,
        payment: Payment[Status],
        order: DepositOrder,
        is_given_up: Callable[[], bool],
    ) -> None:
        self.is_ordered = order.goes_ahead
        self.token = order.payment_token
        """Another card perhaps than the one of the order."""
        self.expires = datetime.fromisoformat(order.expires_at)
        self._payment = payment
        self._order = order
        self._first = order.first
        self._taking: asyncio.Future[None] | None = None
        self._is_given_up = is_given_up

    def require(self, command: object, _: object = None) -> None:
        """Raises ApplicationError `IllegalState` or `Unreadable`, for a validator."""
        require_is(command, AuthorizeCommand)
        idle = self._payment.status is Status.INITIATED and not self.is_ordered
        allowed = idle and not self._is_overdue and not self._is_given_up()
        self._payment.require(self._is_first(command) or allowed, "authorize")

    async def obey(self, command: AuthorizeCommand, seal: object) -> None:
        """Raises ApplicationError `NotSealed`, `IllegalState`, `Unreadable`."""
        if self._is_first(command):
            await self._joined()
            return
        await self._first_is_over()
        await self._payment.door.require("authorize", seal, self.require, command)
        self._go_ahead(command)

    async def wait(self, given_up: Callable[[], bool]) -> bool:
        """Whether the player goes ahead; not, once it is given up or the time is over."""
        if self._order.goes_ahead and self._is_overdue:
            return False
        await self._first_is_over()
        left = self.expires - workflow.now()
        if left > timedelta() and not (self.is_ordered or given_up()):
            with suppress(asyncio.TimeoutError):
                await workflow.wait_condition(
                    lambda: self.is_ordered or given_up(),
                    timeout=left,
                    timeout_summary="Until the intent expires",
                )
        return self.is_ordered

    async def _first_is_over(self) -> None:
        with suppress(ApplicationError):
            await self._first_taken()

    async def _joined(self) -> None:
        try:
            await self._first_taken()
        except ApplicationError:
            if not self._is_overdue:
                raise
            # Whoever comes too late is told how it ended.
            await workflow.wait_condition(lambda: self._payment.has_rested)
            self._payment.require(False, "authorize")
            raise

    @property
    def _is_overdue(self) -> bool:
        return workflow.now() >= self.expires

    def _is_first(self, command: object) -> bool:
        return self._first is not None and command == self._first.authorize

    async def _first_taken(self) -> None:
        if self._first is None:
            return
        if self._taking is None:
            self._taking = asyncio.ensure_future(self._take(self._first))
        await asyncio.shield(self._taking)

    async def _take(self, first: FirstCommand) -> None:
        try:
            await self._payment.door.require(
                "authorize", first.seal, lambda *_: self._require_in_time(), first.authorize
            )
        except ApplicationError:
            # One that counts may still come.
            self._first = None
            raise
        self._go_ahead(first.authorize)

    def _require_in_time(self) -> None:
        self._payment.require(not self._is_overdue and not self._is_given_up(), "authorize")

    def _go_ahead(self, command: AuthorizeCommand) -> None:
        self.is_ordered = True
        self.token = command.payment_token or self.token
