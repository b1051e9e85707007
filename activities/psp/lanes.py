"""Two lanes to a PSP. The quick one is taken inside the task of the run, and waits for a moment;
the slow one is the PSP's own queue, where operators see the call. A call that outlasts the quick
lane goes on, and whoever asks again in the slow one gets its answer.

A PSP that hangs holds few places of the quick lane, each for a moment, and then none for a while:
payments at other PSPs do not wait behind it.
"""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from activities.psp.calls import beating
from workflows.domain.psp import (
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Finding,
    Instruction,
    Lookup,
    MerchantAccount,
    Outcome,
    PayoutInstruction,
    RefundInstruction,
    SellInstruction,
    SlowLane,
    VoidInstruction,
)
from workflows.policies import QUICK_SECONDS
from workflows.ports import Psp

Asking = TypeVar("Asking", bound=Instruction)

CLOSED_SECONDS = 10.0
"""So long an account's quick lane is closed in this worker, after a call that took too long."""


class CallsUnderWay:
    """The calls of this worker's quick lane that have no answer yet. What came of the others stands
    in the database: an answer kept here could be older than somebody else's question."""

    def __init__(self) -> None:
        self._calls: dict[str, asyncio.Task[Outcome]] = {}

    def begin(self, key: str, call: Coroutine[Any, Any, Outcome]) -> asyncio.Task[Outcome]:
        task = asyncio.create_task(call)
        self._calls[key] = task
        task.add_done_callback(lambda ended: self._forget(key, ended))
        return task

    def of(self, key: str) -> asyncio.Task[Outcome] | None:
        return self._calls.get(key)

    async def aclose(self) -> None:
        """Wait for what has left us: each call ends by its own deadline."""
        if self._calls:
            await asyncio.wait(list(self._calls.values()))

    def _forget(self, key: str, ended: asyncio.Task[Outcome]) -> None:
        self._calls.pop(key, None)
        if not ended.cancelled():
            ended.exception()


class _Lane(Psp):
    """Every question to a PSP, in one way; looks move nothing and go as they are."""

    def __init__(self, psp: Psp, under_way: CallsUnderWay) -> None:
        self._psp = psp
        self._under_way = under_way

    async def authorize(self, instruction: AuthorizeInstruction) -> Outcome:
        return await self._put(self._psp.authorize, instruction)

    async def sell(self, instruction: SellInstruction) -> Outcome:
        return await self._put(self._psp.sell, instruction)

    async def complete(self, instruction: CompleteInstruction) -> Outcome:
        return await self._put(self._psp.complete, instruction)

    async def capture(self, instruction: CaptureInstruction) -> Outcome:
        return await self._put(self._psp.capture, instruction)

    async def void(self, instruction: VoidInstruction) -> Outcome:
        return await self._put(self._psp.void, instruction)

    async def refund(self, instruction: RefundInstruction) -> Outcome:
        return await self._put(self._psp.refund, instruction)

    async def payout(self, instruction: PayoutInstruction) -> Outcome:
        return await self._put(self._psp.payout, instruction)

    async def look_up(self, lookup: Lookup) -> Finding:
        return await self._psp.look_up(lookup)

    @abstractmethod
    async def _put(
        self, ask: Callable[[Asking], Awaitable[Outcome]], instruction: Asking
    ) -> Outcome: ...


class QuickCalls(_Lane):
    """`opens`: whether a PSP's quick lane may be open at all. `places`: of each; 0 closes all."""

    def __init__(
        self,
        psp: Psp,
        under_way: CallsUnderWay,
        *,
        opens: Callable[[str], bool],
        places: int,
        seconds: float = QUICK_SECONDS,
    ) -> None:
        super().__init__(psp, under_way)
        self._opens = opens
        self._places = places
        self._seconds = seconds
        self._taken: Counter[str] = Counter()
        self._closed_until: dict[MerchantAccount, float] = {}

    async def _put(
        self, ask: Callable[[Asking], Awaitable[Outcome]], instruction: Asking
    ) -> Outcome:
        """SlowLane: not asked here, or still under way."""
        account, key = instruction.account, instruction.key
        if closed := self._why_closed(account):
            return SlowLane(closed)
        self._taken[account.psp] += 1
        try:
            call = self._under_way.of(key) or self._under_way.begin(key, _asked(ask, instruction))
            await asyncio.wait({call}, timeout=self._seconds)
        finally:
            self._taken[account.psp] -= 1
        if call.done():
            return call.result()
        self._closed_until[account] = time.monotonic() + CLOSED_SECONDS
        return SlowLane("it takes its time")

    def _why_closed(self, account: MerchantAccount) -> str:
        if not self._opens(account.psp):
            return "nothing shows that this PSP honours keys"
        if self._taken[account.psp] >= self._places:
            return "no place is free"
        if self._closed_until.get(account, 0.0) > time.monotonic():
            return "it was slow a moment ago"
        return ""


class SlowCalls(_Lane):
    async def _put(
        self, ask: Callable[[Asking], Awaitable[Outcome]], instruction: Asking
    ) -> Outcome:
        call = self._under_way.of(instruction.key)
        if call is None:
            return await ask(instruction)
        async with beating():
            outcome = await asyncio.shield(call)
        # The quick lane closed between its worker's look and the database's: nothing was sent.
        return await ask(instruction) if isinstance(outcome, SlowLane) else outcome


async def _asked(ask: Callable[[Asking], Awaitable[Outcome]], instruction: Asking) -> Outcome:
    return await ask(instruction)
