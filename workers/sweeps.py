"""What is done now and then: sweeping up what died half-way, and counting."""

from __future__ import annotations

import asyncio

import asyncpg
import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from activities.registry.lost_runs import LostRuns
from activities.registry.sweep import start_orphans
from activities.routing.learning.refresh import refresh
from activities.routing.snapshots import Snapshots
from activities.settings import Settings
from infra.postgres import OUTAGES

log = structlog.get_logger("paysaga.sweeps")


async def sweep_orphans(pool: asyncpg.Pool, client: Client, settings: Settings) -> None:
    """Payments whose API died before it started their run; for ever, an outage is waited out."""
    while True:
        await asyncio.sleep(settings.worker.sweeps_seconds)
        try:
            await start_orphans(pool, client, settings.temporal.core_queue)
        except OUTAGES as down:
            log.warning("sweep_unreachable", error=type(down).__name__)


async def sweep_runs(pool: asyncpg.Pool, client: Client, settings: Settings) -> None:
    """Every open payment has a run, or a person who looks after it; for ever.

    No schedule of Temporal's: it watches over what Temporal itself may have lost.
    """
    lost = LostRuns(pool, client, settings.temporal.core_queue)
    while True:
        try:
            await lost.find()
            await lost.resume()
        except (*OUTAGES, RPCError, RuntimeError) as down:
            log.warning("runs_unreachable", error=type(down).__name__)
        await asyncio.sleep(settings.worker.runs_seconds)


async def count_outcomes(pool: asyncpg.Pool, settings: Settings, snapshots: Snapshots) -> None:
    """What became of payments, for policies that learn; for ever, an outage is waited out."""
    while True:
        try:
            await refresh(pool, settings.routing, snapshots)
        except OUTAGES as down:
            log.warning("counting_failed", error=type(down).__name__)
        await asyncio.sleep(settings.routing.statistics_seconds)
