"""What is measured side by side: our deposit, an empty workflow, and the saga on DBOS."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import psutil

from infra.local.stack.addresses import Stack
from infra.settings import Temporal
from infra.temporal import connect
from tests.bench import costs
from tests.bench.deposits import deposit_over
from tests.bench.floor import QUEUE, Empty
from tests.bench.lines import lines
from tests.bench.rival.process import PYTHON, rival

Spent = Callable[[], Mapping[str, float]]
"""Seconds of CPU until now, by process."""


@dataclass(frozen=True)
class Contender:
    name: str
    act: Callable[[int], Awaitable[object]]
    spent: Spent


@asynccontextmanager
async def contenders(stack: Stack) -> AsyncIterator[list[Contender]]:
    """DBOS is among them where it is installed."""
    async with AsyncExitStack() as running:
        made = [
            await running.enter_async_context(empty(stack)),
            await running.enter_async_context(ours(stack)),
        ]
        if PYTHON.exists():
            made.append(await running.enter_async_context(dbos(stack)))
        yield made


@asynccontextmanager
async def ours(stack: Stack) -> AsyncIterator[Contender]:
    async with lines(stack.api_url) as at:

        async def act(place: int) -> None:
            await deposit_over(at, place, stack.tokens.platform)

        yield Contender("deposit", act, lambda: costs.cpu(stack))


@asynccontextmanager
async def empty(stack: Stack) -> AsyncIterator[Contender]:
    """Who starts it is this very process."""
    client = await connect(Temporal(address=stack.temporal.address))
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.floor"), env={**os.environ, **stack.environment}
    )
    try:
        worker_process, this = psutil.Process(worker.pid), psutil.Process()

        def spent() -> Mapping[str, float]:
            return {
                "api": costs.own_seconds(this),
                "worker": costs.seconds_of(worker_process),
                **costs.cpu(stack, ("temporal",)),
            }

        async def run(_: int) -> None:
            name = f"empty-{uuid.uuid4().hex}"
            await client.execute_workflow(Empty.run, id=name, task_queue=QUEUE)

        yield Contender("empty workflow", run, spent)
    finally:
        worker.terminate()
        await worker.wait()


@asynccontextmanager
async def dbos(stack: Stack) -> AsyncIterator[Contender]:
    """API and worker are one process."""
    async with rival(stack) as (url, process), lines(url) as at:

        async def act(place: int) -> None:
            await deposit_over(at, place, token="nobody asks for one")

        def spent() -> Mapping[str, float]:
            return {"worker": costs.seconds_of(process), **costs.cpu(stack, ("postgres",))}

        yield Contender("deposit on DBOS", act, spent)
