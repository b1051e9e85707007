"""`python -m workers`: runs workflows, books and PSP calls until told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack

import structlog
from activities.psp.catalog import Catalog

from activities.inbox.relay import Relay
from activities.migrations import wait_until_current
from infra.observability import start_logging
from infra.postgres import open_pool
from infra.settings import Settings, settings
from infra.temporal import connect
from workers.assembly import answers, core_worker, psp_worker
from workers.keeper import keep

log = structlog.get_logger("paysaga.worker")


async def main() -> None:
    chosen = settings()
    start_logging(chosen.log, "worker")
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await wait_until_current(chosen.postgres)
    async with AsyncExitStack() as stack:
        await work(chosen, stack)
        log.info("worker_started", sandboxed=chosen.worker.sandboxed)
        await stop.wait()
        log.info("worker_stopping")


async def work(chosen: Settings, stack: AsyncExitStack) -> None:
    """Start everything; the stack's end stops it in reverse order."""
    pool = await stack.enter_async_context(await open_pool(chosen.postgres))
    catalog = Catalog.of(chosen.psps)
    stack.push_async_callback(catalog.aclose)
    client = await connect(chosen.temporal)
    answered = answers(chosen, pool, catalog)
    for name in catalog.names:
        await stack.enter_async_context(psp_worker(client, chosen, name, answered.psp))
    await stack.enter_async_context(core_worker(client, chosen, answered.books))
    keepers = [
        asyncio.create_task(Relay(pool, client).run()),
        asyncio.create_task(keep(pool, client, chosen)),
    ]
    for keeper in keepers:
        stack.callback(keeper.cancel)


if __name__ == "__main__":
    asyncio.run(main())
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(0)
