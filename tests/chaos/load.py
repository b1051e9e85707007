"""Payments of all flows, dealt by the seed and released little by little."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Coroutine
from typing import Any

from infra.local.demo.sandbox import SandboxPsp
from tests.chaos.errands import Errand
from tests.chaos.flows import FLOWS, Flow
from tests.chaos.platform import LetDown, Platform

IN_FLIGHT = 24


class Load:
    """The same seed deals the same payments with the same amounts and choices."""

    def __init__(
        self, platform: Platform, psp: SandboxPsp, seed: int, patience_seconds: float
    ) -> None:
        self.played: Counter[str] = Counter()
        self._platform, self._psp, self._seed = platform, psp, seed
        self._patience = patience_seconds
        self._dice = random.Random(f"{seed}:load")
        self._deck: list[Flow] = []
        self._at_once = asyncio.Semaphore(IN_FLIGHT)
        self._tasks: list[asyncio.Task[None]] = []
        self._number = 0
        self._spans: list[tuple[float, float | None]] = []

    def release(self, payments: int, seconds: float) -> int:
        """Start flows that open about so many payments, spread over a time; how many they open."""
        released = 0
        while released < payments:
            flow, errand = self.deal()
            released += flow.payments
            self.start(self._play(flow, errand, self._dice.uniform(0.0, seconds)))
        return released

    def deal(self) -> tuple[Flow, Errand]:
        """The next flow, and the player who goes through it."""
        if not self._deck:
            self._deck = [flow for flow in FLOWS for _ in range(flow.weight)]
            self._dice.shuffle(self._deck)
        self._number += 1
        return self._deck.pop(), self.errand(f"player-{self._seed}-{self._number}")

    def errand(self, player: str) -> Errand:
        """Somebody else's, such as a canary's."""
        dice = random.Random(f"{self._seed}:{player}")
        return Errand(self._platform, self._psp, dice, player, self._patience)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """It is waited for at the end."""
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    def under_way_between(self, begin: float, end: float) -> int:
        """Flows that were under way at some moment of that time."""
        return sum(
            since <= end and (until is None or until >= begin) for since, until in self._spans
        )

    async def finished(self) -> None:
        """Raises what a flow raised: a bug of the drill."""
        await asyncio.gather(*self._tasks)

    async def abandon(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _play(self, flow: Flow, errand: Errand, delay: float) -> None:
        await asyncio.sleep(delay)
        async with self._at_once:
            self.played[flow.name] += 1
            begin, place = time.monotonic(), len(self._spans)
            self._spans.append((begin, None))
            try:
                await flow.play(errand)
            except LetDown:
                # Noted in the diary as a broken promise already.
                return
            finally:
                self._spans[place] = (begin, time.monotonic())
