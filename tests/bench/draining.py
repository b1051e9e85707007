"""`python -m tests.bench.draining`: 10,000 parked payments are let go; fsync on.

First as fast as two drainers can, told to nobody; then at a rate, told to real runs that wait for
it. PARKED and RUNS are how many of each, RATE is how many in a second.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.table import Table
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.migrations import upgrade
from activities.routing.stopping.drain import Drainer, Tell
from activities.routing.stopping.resumes import Resumes
from activities.routing.stopping.stops import Stops
from infra.local.stack.ports import free_ports
from infra.local.stack.postgres import LocalPostgres
from infra.local.stack.temporal import LocalTemporal
from infra.observability import start_logging
from infra.postgres import open_pool
from infra.settings import Log, Postgres, Temporal
from infra.temporal import connect
from workflows.domain.payments import Stoppable
from workflows.domain.routing.stop_scope import StopScope

QUEUE = "bench-parked"
PARKED = int(os.environ.get("PARKED", "10000"))
RUNS = int(os.environ.get("RUNS", "2000"))
RATE = float(os.environ.get("RATE", "100"))
_MAY_MOVE = "SELECT routing_may_move($1, 'acme', $2, 'main', 'EU', 'captures')"


@workflow.defn(name="bench-parked")
class Waits:
    """As a parked payment does: until it is resumed, once or more."""

    def __init__(self) -> None:
        self._resumed = 0

    @workflow.run
    async def run(self) -> int:
        await workflow.wait_condition(lambda: self._resumed > 0)
        return self._resumed

    @workflow.signal
    def resume(self) -> None:
        self._resumed += 1


async def main() -> None:
    start_logging(Log(level="WARNING"), "bench")
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pool = await _postgres(stack, folder)
        client = await _temporal(stack, folder)
        table = Table("draining", "payments", "seconds", "a second", title="Parked payments")
        sink = _Sink()
        await _measured(table, "as fast as it goes, told to nobody", pool, sink, PARKED, 100_000)
        if len(sink.resumed) != PARKED or len(set(sink.resumed)) != PARKED:
            raise AssertionError("a payment was let go twice, or never")
        handles: list[WorkflowHandle[Waits, int]] = []

        async def start(payment_id: str) -> None:
            handles.append(
                await client.start_workflow(Waits.run, id=f"deposit-{payment_id}", task_queue=QUEUE)
            )

        name = f"at {RATE:g} a second, told to real runs"
        await _measured(table, name, pool, Resumes(client), RUNS, RATE, start)
        if {await handle.result() for handle in handles} != {1}:
            raise AssertionError("a run was resumed twice")
        Console().print(table)


class _Sink:
    def __init__(self) -> None:
        self.resumed: list[str] = []

    async def __call__(self, payment_id: str) -> bool:
        self.resumed.append(payment_id)
        return True


async def _measured(
    table: Table,
    name: str,
    pool: asyncpg.Pool,
    tell: Tell,
    count: int,
    rate: float,
    begin: Callable[[str], Awaitable[None]] | None = None,
) -> None:
    stops, psp = Stops(pool), f"psp{uuid.uuid4().hex[:8]}"
    stop = await stops.put(
        StopScope(operation=Stoppable.CAPTURES, psp=psp), reason="they are down", by="bench"
    )
    payments = [f"in_{uuid.uuid4().hex}" for _ in range(count)]

    left = iter(payments)

    async def park() -> None:
        for payment_id in left:
            if begin is not None:
                await begin(payment_id)
            await pool.fetchval(_MAY_MOVE, payment_id, psp)

    await asyncio.gather(*(park() for _ in range(16)))
    began = time.monotonic()
    await stops.lift(stop.id, per_second=rate, reason="up again", by="bench")
    drainers = [asyncio.create_task(Drainer(pool, tell).run()) for _ in range(2)]
    async with asyncio.timeout(60 + 2 * count / rate):
        while (await stops.stop(stop.id) or stop).released < count:  # noqa: ASYNC110 - in Postgres
            await asyncio.sleep(0.1)
    took = time.monotonic() - began
    for drainer in drainers:
        drainer.cancel()
    await asyncio.gather(*drainers, return_exceptions=True)
    table.add_row(name, f"{count:,}", f"{took:.1f}", f"{count / took:,.0f}")


async def _postgres(stack: AsyncExitStack, folder: Path) -> asyncpg.Pool:
    server = LocalPostgres(folder / "postgres", free_ports(1)[0])
    await server.start()
    stack.push_async_callback(server.stop)
    made = server.database()
    at = Postgres.model_validate(
        {"url": made.url, "migration_url": made.migration_url, "pool_size": 16}
    )
    await upgrade(at)
    return await stack.enter_async_context(await open_pool(at))


async def _temporal(stack: AsyncExitStack, folder: Path) -> Client:
    server = LocalTemporal(folder / "temporal.db", free_ports(1)[0], log=folder / "temporal.log")
    await server.start()
    stack.push_async_callback(server.stop)
    client = await connect(Temporal(address=server.address))
    await stack.enter_async_context(
        Worker(
            client,
            task_queue=QUEUE,
            workflows=[Waits],
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_cached_workflows=500,
        )
    )
    return client


if __name__ == "__main__":
    asyncio.run(main())
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(0)
