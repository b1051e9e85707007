"""One commit for all who come together: whoever comes while one is under way is in the next.

Nobody is waited for: who comes alone is done alone, at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from typing import Generic, TypeVar

from infra.postgres import is_away

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Bounds:
    """Of what is done together."""

    items: int = 64
    weight: int = 1 << 20
    """Of all of them, in whatever `weigh` counts; one that is heavier is done alone."""
    at_once: int = 1
    """Commits under way."""


class Gathering(Generic[Item, Answer]):
    """Whoever adds an item is answered after the commit that has it, or gets its error."""

    def __init__(
        self,
        commit: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
        bounds: Bounds | None = None,
        weigh: Callable[[Item], int] = lambda _: 0,
    ) -> None:
        """`commit` does all of them or none, and gives an answer for each, in their order. What the
        database refuses is tried one by one, so that nobody pays for another's item."""
        self._commit = commit
        self._bounds = bounds or Bounds()
        self._weigh = weigh
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._busy = 0
        self._tasks: set[asyncio.Task[None]] = set()
        # What is done for several has nobody's trace.
        self._context = copy_context()

    async def add(self, item: Item) -> Answer:
        """Raises what `commit` raises. Whoever stops waiting stops nobody else."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        self._begin()
        return await answer

    async def aclose(self) -> None:
        """Returns when what was begun is done."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(self) -> None:
        if self._waiting and self._busy < self._bounds.at_once:
            self._busy += 1
            task = asyncio.get_running_loop().create_task(self._go_on(), context=self._context)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _go_on(self) -> None:
        """Until nobody waits. It starts after all who are ready by now have added theirs."""
        try:
            while batch := self._next():
                self._begin()
                await self._done(batch)
        finally:
            self._busy -= 1

    def _next(self) -> list[tuple[Item, asyncio.Future[Answer]]]:
        batch: list[tuple[Item, asyncio.Future[Answer]]] = []
        weight = 0
        while self._waiting and len(batch) < self._bounds.items:
            item, answer = self._waiting[0]
            weight += self._weigh(item)
            if batch and weight > self._bounds.weight:
                break
            self._waiting.popleft()
            if not answer.done():
                batch.append((item, answer))
        return batch

    async def _done(self, batch: Sequence[tuple[Item, asyncio.Future[Answer]]]) -> None:
        """One that is refused alone is the one; an outage is everybody's."""
        left = list(batch)
        error = await self._tried(left)
        if error is None or len(left) == 1 or is_away(error):
            _fail(left, error)
            return
        while left:
            alone = [left.pop(0)]
            error = await self._tried(alone)
            _fail(alone, error)
            if error is not None and is_away(error):
                _fail(left, error)
                return

    async def _tried(
        self, batch: Sequence[tuple[Item, asyncio.Future[Answer]]]
    ) -> Exception | None:
        try:
            answers = await self._commit([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            return error
        except BaseException:
            for _, answer in batch:
                answer.cancel()
            raise
        for (_, answer), given in zip(batch, answers, strict=True):
            if not answer.done():
                answer.set_result(given)
        return None


def _fail(batch: Sequence[tuple[Item, asyncio.Future[Answer]]], error: Exception | None) -> None:
    for _, answer in batch:
        if error is not None and not answer.done():
            answer.set_exception(error)
