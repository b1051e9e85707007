"""`python -m workers`: runs workflows, books and PSP calls until told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Iterable
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import structlog
from temporalio.client import Client

from activities.inbox.relay import Relay
from activities.inbox.signals import Signals
from activities.migrations.grants import Who
from activities.migrations.standing import require_own_role
from activities.migrations.waiting import wait_until_current
from activities.outgoing_events.dispatcher import Dispatcher
from activities.outgoing_events.receivers import Receivers
from activities.psp.catalog import Catalog, CatalogError
from activities.reconciliation.expectations.terms import write_terms
from activities.registry.absent import report_left_behind
from activities.registry.beginnings import Beginnings
from activities.registry.books import RegistryBooks
from activities.routing.health.breakers import Breakers
from activities.routing.health.health import SharedWatch
from activities.routing.stopping.drain import Drainer
from activities.routing.stopping.resumes import Resumes
from activities.seals.keys import SealKeys
from activities.settings import Settings, settings
from infra.namespace import wait_until_fit
from infra.observability import start_logging
from infra.postgres import open_pool
from infra.running import run, settle_memory
from infra.settings import SettingsError
from infra.temporal import connect_in_time
from workers.assembly import answers, core_worker, psp_worker
from workers.crash_points import crash_points
from workers.health import Health, Working, asked
from workers.schedules import keep_schedules
from workers.sweeps import count_outcomes, sweep_orphans, sweep_runs
from workflows.domain.seals import Seals
from workflows.visibility import SEARCH_ATTRIBUTES

_TELLING_CONNECTIONS = 4
"""Of their own: however much there is to tell or count, no payment waits for a connection."""

log = structlog.get_logger("paysaga.worker")


async def main() -> int:
    """The exit code: 0 when told to stop, 1 when a sweep died of a bug."""
    chosen = settings()
    start_logging(chosen.log, "worker")
    stop, failed = asyncio.Event(), asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    health = Health()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(asked(health, chosen.worker))
        catalog = Catalog.of(chosen.psps, certified=chosen.profile == "production")
        stack.push_async_callback(catalog.aclose)
        seals = SealKeys(chosen.seal_keys)
        starting = asyncio.create_task(work(chosen, catalog, seals, stack, failed, health))
        await _first(starting, stop.wait())
        if not starting.done():
            starting.cancel()
        else:
            starting.result()
            settle_memory()
            log.info("worker_started", sandboxed=chosen.worker.sandboxed)
            await _first(stop.wait(), failed.wait())
        health.working = None
        health.waits_for("it is stopping")
        log.info("worker_stopping")
    return 1 if failed.is_set() else 0


async def work(
    chosen: Settings,
    catalog: Catalog,
    seals: SealKeys,
    stack: AsyncExitStack,
    failed: asyncio.Event,
    health: Health | None = None,
) -> None:
    """Start everything, waiting for what is not there yet; the stack's end stops it in reverse."""
    points = crash_points(chosen.worker.dies_at)
    await wait_until_current(chosen.postgres)
    await require_own_role(chosen, Who.WORKER)
    pool = await stack.enter_async_context(await open_pool(chosen.postgres))
    apart = chosen.postgres.model_copy(update={"pool_size": _TELLING_CONNECTIONS})
    await report_left_behind(pool, catalog.names)
    await write_terms(pool, chosen.reconciliation.terms)
    telling = await stack.enter_async_context(await open_pool(apart))
    health, queue = health or Health(), chosen.temporal.core_queue
    client = await _reached(chosen, health)
    watch = SharedWatch(Breakers(telling), chosen.routing.slow_seconds)
    answered = answers(chosen, pool, catalog, watch, points)
    stack.push_async_callback(answered.under_way.aclose)
    for name in catalog.names:
        await stack.enter_async_context(psp_worker(client, chosen, name, answered.psp, points))
    dispatcher = Dispatcher(telling, Receivers(chosen.outgoing_events))
    core = core_worker(client, chosen, answered.core, points, dispatcher.wake)
    await stack.enter_async_context(core)
    health.working = Working(telling, client, queue, [f"psp-{name}" for name in catalog.names])

    sweeps = (
        _relay(chosen, pool, client, seals).run(),
        sweep_orphans(pool, client, chosen),
        sweep_runs(telling, client, chosen),
        dispatcher.run(),
        watch.run(),
        Drainer(pool, Resumes(client)).run(),
        count_outcomes(telling, chosen, answered.snapshots),
    )
    _go_on(sweeps, stack, failed)


async def _reached(chosen: Settings, health: Health) -> Client:
    """Temporal, once it is there and has what payments need."""
    health.waits_for("Temporal")
    client = await connect_in_time(chosen.temporal)
    await wait_until_fit(client, SEARCH_ATTRIBUTES, health.waits_for)
    await keep_schedules(client, chosen.temporal.core_queue)
    return client


def _relay(chosen: Settings, pool: asyncpg.Pool, client: Client, seals: Seals) -> Relay:
    queue = chosen.temporal.core_queue
    signals = Signals(client, queue, seals, Beginnings(pool, client, queue))
    return Relay(pool, signals, chosen.inbox, chosen.postgres, RegistryBooks(pool))


def _go_on(
    sweeps: Iterable[Coroutine[Any, Any, None]], stack: AsyncExitStack, failed: asyncio.Event
) -> None:
    """Each in a task of its own until the stack's end."""

    def ended(sweep: asyncio.Task[None]) -> None:
        if not sweep.cancelled():
            # Outages are waited out inside: this is a bug, and a restart beats a silent loss.
            log.error("sweep_died", error=repr(sweep.exception()))
            failed.set()

    for sweeping in sweeps:
        sweep = asyncio.create_task(sweeping)
        sweep.add_done_callback(ended)
        stack.callback(sweep.cancel)


async def _first(*waiting: Coroutine[Any, Any, Any] | asyncio.Task[None]) -> None:
    tasks = [asyncio.ensure_future(each) for each in waiting]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


if __name__ == "__main__":
    try:
        code = run(main())
    except (SettingsError, CatalogError) as wrong:
        sys.exit(str(wrong))
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(code)
