"""Asking the same of many, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

_AT_ONCE = 20

Question = TypeVar("Question")
Answer = TypeVar("Answer")


async def each(
    questions: Sequence[Question], ask: Callable[[Question], Awaitable[Answer]]
) -> list[Answer]:
    """The answers in order. Raises what an asking raises, once all that were begun are over."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def in_turn(question: Question) -> Answer:
        async with turn:
            return await ask(question)

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(in_turn(question)) for question in questions]
    return [task.result() for task in asked]
