"""`python -m workers`: runs workflows, books and PSP calls until told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

import structlog

from activities.inbox.relay import Relay
from activities.migrations import wait_until_current
from activities.notices.dispatcher import Dispatcher
from activities.notices.receivers import Receivers
from activities.psp.catalog import Catalog, CatalogError
from activities.routing.breakers import Breakers
from activities.routing.drain import Drainer, Resumes
from activities.routing.health import SharedWatch
from infra.observability import start_logging
from infra.postgres import open_pool
from infra.settings import Settings, SettingsError, settings
from infra.temporal import connect_in_time
from workers.assembly import answers, core_worker, psp_worker
from workers.keeper import keep, keep_counting

_TELLING_CONNECTIONS = 4
"""Of their own: however much there is to tell or count, no payment waits for a connection."""

log = structlog.get_logger("paysaga.worker")


async def main() -> int:
    """The exit code: 0 when told to stop, 1 when a keeper died of a bug."""
    chosen = settings()
    start_logging(chosen.log, "worker")
    stop, failed = asyncio.Event(), asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with AsyncExitStack() as stack:
        catalog = Catalog.of(chosen.psps, certified=chosen.profile == "production")
        stack.push_async_callback(catalog.aclose)
        starting = asyncio.create_task(work(chosen, catalog, stack, failed))
        await _first(starting, stop.wait())
        if not starting.done():
            starting.cancel()
        else:
            starting.result()
            log.info("worker_started", sandboxed=chosen.worker.sandboxed)
            await _first(stop.wait(), failed.wait())
        log.info("worker_stopping")
    return 1 if failed.is_set() else 0


async def work(
    chosen: Settings, catalog: Catalog, stack: AsyncExitStack, failed: asyncio.Event
) -> None:
    """Start everything, waiting for what is not there yet; the stack's end stops it in reverse."""
    await wait_until_current(chosen.postgres)
    pool = await stack.enter_async_context(await open_pool(chosen.postgres))
    apart = chosen.postgres.model_copy(update={"pool_size": _TELLING_CONNECTIONS})
    telling = await stack.enter_async_context(await open_pool(apart))
    client = await connect_in_time(chosen.temporal)
    watch = SharedWatch(Breakers(telling), chosen.routing.slow_seconds)
    answered = answers(chosen, pool, catalog, watch)
    for name in catalog.names:
        await stack.enter_async_context(psp_worker(client, chosen, name, answered.psp))
    await stack.enter_async_context(core_worker(client, chosen, answered.books))

    def ended(keeper: asyncio.Task[None]) -> None:
        if not keeper.cancelled():
            # Outages are waited out inside: this is a bug, and a restart beats a silent loss.
            log.error("keeper_died", error=repr(keeper.exception()))
            failed.set()

    dispatcher = Dispatcher(telling, Receivers(chosen.notices))
    for keeping in (
        Relay(pool, client, chosen.temporal.core_queue, chosen.inbox).run(),
        keep(pool, client, chosen),
        dispatcher.run(),
        watch.run(),
        Drainer(pool, Resumes(client)).run(),
        keep_counting(telling, chosen, answered.snapshots),
    ):
        keeper = asyncio.create_task(keeping)
        keeper.add_done_callback(ended)
        stack.callback(keeper.cancel)


async def _first(*waiting: Coroutine[Any, Any, Any] | asyncio.Task[None]) -> None:
    tasks = [asyncio.ensure_future(each) for each in waiting]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


if __name__ == "__main__":
    try:
        code = asyncio.run(main())
    except (SettingsError, CatalogError) as wrong:
        sys.exit(str(wrong))
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(code)
