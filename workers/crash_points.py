"""Crash points: places with a name at which a worker dies, so that it can be seen what becomes of
what was under way. Off unless `PAYSAGA_WORKER_DIES_AT` names one; production refuses it.

`<activity>:before|after[:n]`: at the n-th call (1 without a number) of that activity by one run,
before it does anything, or after all that it does (its commit) and before anybody is told. A call
that is made again, because its answer or the task around it was lost, keeps its number. What is
asked of a PSP has two more: `:written`, when it is written down and has not left us, and
`:answered`, when the PSP has done it and nothing of that is written down.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from infra.settings import SettingsError
from workflows.domain.psp import (
    AuthorizeInstruction,
    CaptureInstruction,
    CompleteInstruction,
    Finding,
    Lookup,
    Outcome,
    PayoutInstruction,
    RefundInstruction,
    SellInstruction,
    VoidInstruction,
)
from workflows.ports import Cases, Clearance, Port, Psp, Registry, Risk, Routing, Sealing, Wallet

DIED = 137
"""The exit code of a worker that died at its point: that of kill -9."""

_SETTING = "PAYSAGA_WORKER_DIES_AT"
_PORTS: tuple[type[Port], ...] = (Psp, Wallet, Registry, Cases, Risk, Routing, Clearance, Sealing)
_LOOK_UP = "psp.look_up"

Question = TypeVar("Question")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class CrashPoint:
    name: str
    number: int = 1

    def __str__(self) -> str:
        return f"{self.name}:{self.number}" if self.number > 1 else self.name

    @classmethod
    def read(cls, text: str) -> CrashPoint:
        """Raises SettingsError that names the points there are."""
        name, number = text, "1"
        if text.count(":") > 1:
            name, _, number = text.rpartition(":")
        if name not in names() or not (number.isdecimal() and number.isascii() and int(number)):
            raise SettingsError(
                f"{_SETTING}: there is no crash point {text[:80]!r}; a point may end in `:2` for "
                f"a run's second call, and there are: {', '.join(names())}"
            )
        return cls(name, int(number))


def names() -> list[str]:
    """Every point there is, found by looking at the ports."""
    return sorted(f"{name}:{place}" for name in _activities() for place in _places(name))


Arrive = Callable[[str, CrashPoint], Awaitable[None]]
"""What happens when a run, told by its workflow id, comes to a point."""


class CrashPoints(Interceptor):
    """Every point that a worker passes, in every activity; `arrive` is asked at each."""

    def __init__(self, arrive: Arrive) -> None:
        self._arrive = arrive
        self._calls: defaultdict[tuple[str, str], dict[tuple[str, str], int]] = defaultdict(dict)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - named by the SDK
        return _Passing(next, self)

    def inside(self, psp: Psp) -> Psp:
        """The port with its two points between what is written down before and after the call."""
        return _Inside(self, psp)

    async def come_to(self, place: str) -> None:
        info = activity.info()
        run, name = info.workflow_id or "", f"{info.activity_type}:{place}"
        calls = self._calls[run, name]
        number = calls.setdefault((info.workflow_run_id or "", info.activity_id), len(calls) + 1)
        await self._arrive(run, CrashPoint(name, number))


def crash_points(dies_at: str | None) -> CrashPoints | None:
    """None where nobody is to die. Raises SettingsError for a point that there is not."""
    if dies_at is None:
        return None
    wanted = CrashPoint.read(dies_at)

    async def arrive(run: str, point: CrashPoint) -> None:
        if point == wanted:
            die(f"{point} of {run}")

    return CrashPoints(arrive)


def die(where: str) -> NoReturn:
    """As kill -9 does it: nothing is closed, flushed or told."""
    sys.stderr.write(f"this worker dies at {where}, as it was asked to\n")
    sys.stderr.flush()
    os._exit(DIED)


class _Passing(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, points: CrashPoints) -> None:
        super().__init__(inner)
        self._points = points

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - named by the SDK
        await self._points.come_to("before")
        result = await super().execute_activity(input)
        await self._points.come_to("after")
        return result


class _Inside(Psp):
    """Stands between what writes an instruction down and what sends it."""

    def __init__(self, points: CrashPoints, psp: Psp) -> None:
        self._points, self._psp = points, psp

    async def authorize(self, instruction: AuthorizeInstruction) -> Outcome:
        return await self._between(self._psp.authorize, instruction)

    async def sell(self, instruction: SellInstruction) -> Outcome:
        return await self._between(self._psp.sell, instruction)

    async def complete(self, instruction: CompleteInstruction) -> Outcome:
        return await self._between(self._psp.complete, instruction)

    async def capture(self, instruction: CaptureInstruction) -> Outcome:
        return await self._between(self._psp.capture, instruction)

    async def void(self, instruction: VoidInstruction) -> Outcome:
        return await self._between(self._psp.void, instruction)

    async def refund(self, instruction: RefundInstruction) -> Outcome:
        return await self._between(self._psp.refund, instruction)

    async def payout(self, instruction: PayoutInstruction) -> Outcome:
        return await self._between(self._psp.payout, instruction)

    async def look_up(self, lookup: Lookup) -> Finding:
        return await self._psp.look_up(lookup)

    async def _between(
        self, call: Callable[[Question], Awaitable[Answer]], question: Question
    ) -> Answer:
        await self._points.come_to("written")
        answer = await call(question)
        await self._points.come_to("answered")
        return answer


def _activities() -> list[str]:
    named = (
        getattr(method, "__temporal_activity_definition", None)
        for port in _PORTS
        for method in vars(port).values()
    )
    return [definition.name for definition in named if definition is not None]


def _places(name: str) -> tuple[str, ...]:
    """A look moves nothing, and is not written down."""
    is_instruction = name.startswith("psp.") and name != _LOOK_UP
    return ("before", "written", "answered", "after") if is_instruction else ("before", "after")
