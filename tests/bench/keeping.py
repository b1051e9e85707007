"""What stays behind: bytes on disk of each payment, memory of each process, CPU while idle."""

from __future__ import annotations

import asyncio

from rich.table import Table

from infra.local.stack.addresses import Stack
from tests.bench import costs
from tests.bench.contenders import Contender, contenders
from tests.bench.load import load

TOTAL, IN_FLIGHT = 120, 8
_IDLE_SECONDS = 5.0


async def bench_keeping(stack: Stack) -> tuple[Table, Table]:
    """What is kept, and what the processes take. Last of all: it shows what they have grown to."""
    kept = Table(title="Kept on disk of each")
    for name in ("what", "Temporal KB", "Postgres KB"):
        kept.add_column(name, justify="left" if name == "what" else "right")
    async with contenders(stack) as all_of_them:
        for each in all_of_them:
            kept.add_row(each.name, *await _kept(stack, each))
    return kept, await _processes(stack)


async def _kept(stack: Stack, contender: Contender) -> tuple[str, str]:
    before = await costs.kept(stack)
    await load(contender.act, total=TOTAL, in_flight=IN_FLIGHT)
    after, things = await costs.kept(stack), TOTAL + IN_FLIGHT
    # What was let go of meanwhile may be more than what came.
    temporal = max(0, after.temporal - before.temporal)
    postgres = max(0, after.postgres - before.postgres)
    return f"{temporal / things / 1024:.1f}", f"{postgres / things / 1024:.1f}"


async def _processes(stack: Stack) -> Table:
    table = Table(title="Processes, after all of this")
    for name in ("process", "memory MB", "idle CPU ms a second"):
        table.add_column(name, justify="left" if name == "process" else "right")
    before = costs.cpu(stack)
    await asyncio.sleep(_IDLE_SECONDS)
    idle = costs.between(before, costs.cpu(stack), 1)
    for name, taken in costs.memory(stack).items():
        table.add_row(name, f"{taken / 2**20:.0f}", f"{idle[name] / _IDLE_SECONDS:.1f}")
    return table
