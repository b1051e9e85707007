"""What every payment's run is: a state that advances legally, facts that grow, an orderly end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Generic, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from . import books, visibility
from .conversation import Conversation
from .domain.payments import Facts, Record
from .domain.psp import PspEvent

S = TypeVar("S", bound=StrEnum)


class IllegalTransition(Exception):
    """A bug, not a payment failure: the run stops visibly and nothing moves."""


class Payment(Generic[S]):
    """The state of one payment. Only the process itself advances it; handlers ask and wait."""

    def __init__(
        self,
        order: visibility.PaymentOrder,
        status: S,
        legal: Mapping[S, set[S]],
        clarifying: S,
        expected: Mapping[S, str],
    ) -> None:
        self.id = visibility.id_of(order)
        self.status = status
        self.final = False
        self.facts = Facts()
        self.psp = Conversation(tell_of_doubt=self._tell_of_doubt)
        self._asked = order
        self._legal = legal
        self._clarifying = clarifying
        self._expected = expected
        self._version = 1
        self._recorded = 1
        self._show()

    # --- the state ----------------------------------------------------------------------------

    def move(self, status: S, **facts: Any) -> None:
        """Enter a state in which the run does not rest, so that nobody need be told."""
        if status not in self._legal[self.status]:
            raise IllegalTransition(f"{self.id}: {self.status} -> {status}")
        self.status = status
        self.learn(**facts)

    def learn(self, **facts: Any) -> None:
        """Add to what is known, in whatever state."""
        self.facts = replace(self.facts, attempts=self.psp.attempts, **facts)
        self._show()

    async def advance(self, status: S, *, final: bool = False, **facts: Any) -> None:
        """Enter a state in which the run rests: registry, columns and details tell of it."""
        self.move(status, **facts)
        self.final = final
        self._version += 1
        record = self.record()
        await books.record(record)
        changed = [visibility.PAYMENT_STATUS.value_set(str(status))]
        if self.facts.account is not None:
            changed.append(visibility.PSP.value_set(self.facts.account.psp))
        workflow.upsert_search_attributes(changed)
        self._recorded = record.version

    @property
    def has_rested(self) -> bool:
        """Whether the outside has been told anything since the opening."""
        return self._recorded > 1

    def record(self) -> Record:
        return Record(
            payment_id=self.id,
            version=self._version,
            status=str(self.status),
            final=self.final,
            facts=self.facts,
            at=workflow.now().isoformat(),
        )

    async def next_rest(self) -> Record:
        """Wait until the run rests again, for the caller of a command."""
        # A rest that is being recorded at this moment came before the command.
        before = self._version
        await workflow.wait_condition(lambda: self._recorded > before)
        return self.record()

    def require(self, allowed: bool, command: str) -> None:
        """Raises ApplicationError `IllegalState`, for a validator."""
        if not allowed:
            raise ApplicationError(
                f"{command} is not possible while the payment is {self.status}",
                type="IllegalState",
                non_retryable=True,
            )

    @workflow.signal(description="A verified fact from the PSP: a webhook or a report line")
    async def psp_event(self, event: PspEvent) -> None:
        await self.psp.hear(event)

    # --- the end ------------------------------------------------------------------------------

    async def to_the_end(
        self, process: Callable[[], Awaitable[None]], when_cancelled: Callable[[], None]
    ) -> Record:
        """Play the process to its end. A cancelled run ends in order, never torn."""
        playing = asyncio.ensure_future(self._play(process))
        while not playing.done():
            try:
                await asyncio.shield(playing)
            except asyncio.CancelledError:
                when_cancelled()
        playing.result()
        return self.record()

    # --- inside -------------------------------------------------------------------------------

    async def _play(self, process: Callable[[], Awaitable[None]]) -> None:
        await process()
        while self.psp.has_unread or not workflow.all_handlers_finished():
            await workflow.wait_condition(workflow.all_handlers_finished)
            await self.psp.account_for_the_rest()

    async def _tell_of_doubt(self) -> None:
        if self.status != self._clarifying and self._clarifying in self._legal[self.status]:
            await self.advance(self._clarifying)

    def _show(self) -> None:
        expected = self._expected.get(self.status, "nothing, this payment is closed")
        workflow.set_current_details(
            visibility.details(self._asked, self.status, self.facts, expected)
        )
