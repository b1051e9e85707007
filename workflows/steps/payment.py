"""What every payment's run is: a state that advances legally, facts that grow, an orderly end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, Generic, TypeVar

from temporalio import workflow
from temporalio.common import RawValue, SearchAttributeKey
from temporalio.exceptions import ApplicationError, FailureError

from workflows import policies, visibility
from workflows.domain.events import PspEvent
from workflows.domain.identity import Kind, workflow_id
from workflows.domain.orders import PaymentOrder, id_of
from workflows.domain.payments import Facts
from workflows.domain.records import (
    Closing,
    Record,
    Recorded,
    Result,
    Superseded,
    Unfinished,
)
from workflows.domain.seals import digest_of
from workflows.domain.wallet import CaptureHold, Credit, RefusalReason, Refused, Release

from . import messages, stubs
from .door import Door
from .late_facts import LateFacts
from .names import require_own_name
from .psp_operations import PspOperations
from .wallet_hold import WalletBug

S = TypeVar("S", bound=StrEnum)
Command = Credit | CaptureHold | Release


class IllegalTransition(Exception):
    """A bug, not a payment failure: the run stops visibly and nothing moves."""


class Payment(Generic[S]):
    """The state of one payment. Only the process itself advances it; handlers ask and wait."""

    def __init__(
        self,
        kind: Kind,
        order: PaymentOrder,
        status: S,
        legal: Mapping[S, set[S]],
        clarifying: S,
        expected: Mapping[S, str],
    ) -> None:
        self.id = id_of(order)
        self.status = status
        self.final = False
        self.facts = Facts()
        self.door = Door(self.id)
        self.terms = digest_of(order)
        """By which our books know that this run has what was ordered."""
        self.psp = PspOperations(self.id, tell_of_doubt=self._tell_of_doubt)
        self.unasked: list[PspEvent] = []
        """What somebody else did at the PSP, as far as nobody here has seen to it."""
        self._name = workflow_id(kind, self.id)
        self._amount = order.amount
        self._legal = legal
        self._clarifying = clarifying
        self._expected = expected
        self._version = 1
        self._recorded = 1
        self._columns: dict[SearchAttributeKey[str], str] = {}
        self._is_writing = False
        self._superseded = False
        self._failed = False
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
        """Enter a state in which the run rests: registry, columns and details tell of it.

        Raises Superseded when the payment is over, by a decision that this run does not know, and
        Unfinished when it cannot end because of what this run does not know.
        """
        before = (self.status, self.final, self.facts)
        self.move(status, **facts)
        self.final = final
        recorded = await stubs.record(self._next_record())
        if recorded.unfinished:
            self._is_back_at(*before)
            raise Unfinished
        self._stands_under(recorded)

    async def close(
        self, status: S, command: Command, *, final: bool = True, **facts: Any
    ) -> Refused | None:
        """Enter a state together with the wallet's command that it tells of: both, or neither.

        Raises Superseded likewise, and WalletBug for a refusal that no rival can explain.
        """
        before = (self.status, self.final, self.facts)
        self.move(status, **facts)
        self.final = final
        closed = await stubs.close(Closing(command=command, record=self._next_record()))
        if isinstance(closed, Recorded):
            self._stands_under(closed)
            return None
        self._is_back_at(*before)
        if closed.reason is not RefusalReason.ON_ITS_WAY:
            raise WalletBug(f"the wallet refused {command.key}: {closed.reason}")
        return closed

    async def let_history_have_it(self) -> None:
        """A decision, before the books tell of it: a run that lost it would take another one."""
        await workflow.sleep(policies.LET_HISTORY_HAVE_IT, summary="History has the decision")

    @property
    def has_rested(self) -> bool:
        """Whether the outside has been told anything since the opening, or nothing will be."""
        return self._recorded > 1 or self._failed

    def record(self) -> Record:
        """What is known now, under the version that the registry has."""
        return Record(
            payment_id=self.id,
            version=self._version,
            status=str(self.status),
            final=self.final,
            facts=self.facts,
            at=workflow.now().isoformat(),
        )

    @property
    def rests(self) -> int:
        """So often has it rested; a rest that is being recorded at this moment is one."""
        return self._version + (1 if self._is_writing else 0)

    async def next_rest(
        self, command: str, leads_to: Collection[S], before: int | None = None
    ) -> Record:
        """Wait until the run rests again, for the caller of a command: again since `before`, where
        its seal was checked meanwhile.

        Raises ApplicationError `IllegalState` if the payment had ended already, and otherwise than
        the command would have it.
        """
        known = self.rests if before is None else before
        await workflow.wait_condition(
            lambda: self._recorded > known or self._superseded or self._failed
        )
        overtaken = self._superseded and self.status not in leads_to
        self.require(not overtaken and not self._failed, command)
        return self.record()

    def require(self, allowed: bool, command: str) -> None:
        """Raises ApplicationError `IllegalState`, for a validator."""
        if not allowed:
            raise ApplicationError(
                f"{command} is not possible while the payment is {self.status}",
                type="IllegalState",
                non_retryable=True,
            )

    @workflow.signal(dynamic=True, description="`psp_event`: a verified fact from the PSP")
    async def message(self, signal: str, arguments: Sequence[RawValue]) -> None:
        came = workflow.now()
        event = await self.door.fact(signal, arguments)
        if event is None:
            return
        if event.unasked:
            self.take_in(event)
        else:
            await self.psp.hear(event, came)

    def take_in(self, event: PspEvent) -> None:
        """What somebody else did at the PSP: seen to when the payment is over, at the latest."""
        self.unasked.append(event)

    def take_in_again(self) -> None:
        """What came before it was known what it was about."""
        early, self.unasked = self.unasked, []
        for event in early:
            self.take_in(event)

    # --- the end ------------------------------------------------------------------------------

    async def to_the_end(
        self, process: Callable[[], Awaitable[None]], when_cancelled: Callable[[], None]
    ) -> Result:
        """Play the process to its end. A cancelled run ends in order, never torn."""
        playing = asyncio.ensure_future(self._play(process))
        while not playing.done():
            try:
                await asyncio.shield(playing)
            except asyncio.CancelledError:
                when_cancelled()
        playing.result()
        return Result(
            payment_id=self.id, version=self._version, status=str(self.status), final=self.final
        )

    # --- inside -------------------------------------------------------------------------------

    async def _play(self, process: Callable[[], Awaitable[None]]) -> None:
        try:
            require_own_name(self._name)
            await process()
        except Superseded:
            await self._follow()
        except FailureError:
            # Of a payment that nobody opened, or another's: whoever waits is told, then it ends.
            self._failed = True
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise
        while self.psp.has_unread or self.unasked or not workflow.all_handlers_finished():
            await workflow.wait_condition(workflow.all_handlers_finished)
            await self.psp.account_for_the_rest()
            await self._account_for_the_unasked()

    async def _account_for_the_unasked(self) -> None:
        while self.unasked:
            event = self.unasked.pop(0)
            await messages.guarded(LateFacts(self.id, self.psp).see_to(event), event, self.id)

    async def _follow(self) -> None:
        """The books were closed by a decision that is not in this run's history: it is theirs."""
        known = await stubs.recall(self.id)
        if not known.final:
            raise IllegalTransition(f"{self.id}: superseded by {known.status}, which is no end")
        self.status = type(self.status)(known.status)
        self.facts, self.final = known.facts, True
        self._version = self._recorded = known.version
        self._superseded = True
        self.psp.follow(known.facts.attempts)
        self._show_columns()
        self._show()

    def _is_back_at(self, status: S, final: bool, facts: Facts) -> None:
        self.status, self.final, self.facts = status, final, facts
        self._is_writing = False
        self._show()

    def _next_record(self) -> Record:
        self._is_writing = True
        return replace(self.record(), version=self._version + 1)

    def _stands_under(self, recorded: Recorded) -> None:
        self._is_writing = False
        if recorded.superseded:
            raise Superseded
        if recorded.version is None:
            raise AssertionError("a run's record is written, or superseded")
        self._show_columns()
        self._version = self._recorded = recorded.version

    async def _tell_of_doubt(self) -> None:
        if self.status != self._clarifying and self._clarifying in self._legal[self.status]:
            await self.advance(self._clarifying)

    def _show_columns(self) -> None:
        """Each change is an event, and a write of the server's."""
        columns = {visibility.PAYMENT_STATUS: str(self.status)}
        if self.facts.account is not None:
            columns[visibility.PSP] = self.facts.account.psp
        changed = {key: value for key, value in columns.items() if self._columns.get(key) != value}
        if changed:
            self._columns |= changed
            workflow.upsert_search_attributes([k.value_set(v) for k, v in changed.items()])

    def _show(self) -> None:
        expected = self._expected.get(self.status, "nothing, this payment is closed")
        workflow.set_current_details(
            visibility.details(self._amount, self.status, self.facts, expected)
        )
