"""Keeping so many things in flight, and how long each took."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    done: int
    seconds: float
    milliseconds: list[float]

    @property
    def per_second(self) -> float:
        return self.done / self.seconds

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.milliseconds, n=20)[-1]


async def load(act: Callable[[int], Awaitable[object]], *, total: int, in_flight: int) -> Measured:
    """`act` is given the number of the one in flight that does it; after a short warm-up."""
    await asyncio.gather(*(act(place) for place in range(in_flight)))
    left = iter(range(total))
    took: list[float] = []

    async def keep_going(place: int) -> None:
        for _ in left:
            since = time.perf_counter()
            await act(place)
            took.append((time.perf_counter() - since) * 1000)

    since = time.perf_counter()
    await asyncio.gather(*(keep_going(place) for place in range(in_flight)))
    return Measured(len(took), time.perf_counter() - since, took)
