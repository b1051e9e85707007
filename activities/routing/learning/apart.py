"""Judging many payments takes many seconds of Python: in a process of its own it holds up nobody.

In a thread of ours it would: whoever collects the garbage of a million objects stops everybody.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from activities.routing.learning.recorded import Parser, Row
from workflows.domain.routing.accounts import Accounts
from workflows.domain.routing.learning.estimate import PastPayment
from workflows.domain.routing.learning.statistics import Statistics
from workflows.domain.routing.policy.rules import Policy

T = TypeVar("T")
Judge = Callable[[Policy, Accounts, Statistics, Sequence[PastPayment]], T]

_PROCESSES = get_context("spawn")
_NICENESS = 10


class EndedEarly(Exception):
    """The process died, for want of memory most likely."""


@dataclass(frozen=True)
class Question(Generic[T]):
    judge: Judge[T]
    policy: Policy
    accounts: Accounts
    statistics: Statistics


async def judged(question: Question[T], batches: AsyncIterator[Sequence[Row]]) -> T:
    """Raises EndedEarly, and whatever the batches raise; the process ends in any case."""
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=_judge, args=(theirs, question), daemon=True)
    await asyncio.to_thread(process.start)
    theirs.close()
    try:
        async for rows in batches:
            await _heard(ours.send, rows)
        await _heard(ours.send, None)
        answer: T = await _heard(ours.recv)
        return answer
    finally:
        process.kill()
        await asyncio.to_thread(process.join)
        process.close()
        ours.close()


async def _heard(ask: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return await asyncio.to_thread(ask, *arguments)
    except (EOFError, BrokenPipeError, ConnectionResetError) as gone:
        raise EndedEarly("the process that judges payments ended early") from gone


def _judge(pipe: Connection[Any, Any], question: Question[Any]) -> None:
    # Nobody waits on the line for it as they do for payments.
    os.nice(_NICENESS)
    # It keeps what it reads to its end: there is no garbage to look for.
    gc.disable()
    parser, payments = Parser(question.accounts), list[PastPayment]()
    while (rows := pipe.recv()) is not None:
        payments += parser.parsed(rows)
    pipe.send(question.judge(question.policy, question.accounts, question.statistics, payments))
