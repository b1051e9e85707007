"""What is done now and then: sweeping up what died half-way, and counting."""

from __future__ import annotations

import asyncio

import asyncpg
import structlog
from temporalio.client import Client

from activities.registry.sweep import start_orphans
from activities.routing.snapshot import Snapshots
from activities.routing.statistics import refresh
from infra.postgres import OUTAGES
from infra.settings import Settings

log = structlog.get_logger("paysaga.keeper")


async def keep(pool: asyncpg.Pool, client: Client, settings: Settings) -> None:
    """For ever; an outage is waited out."""
    while True:
        await asyncio.sleep(settings.worker.keeper_seconds)
        try:
            await start_orphans(pool, client, settings.temporal.core_queue)
        except OUTAGES as down:
            log.warning("keeper_unreachable", error=type(down).__name__)


async def keep_counting(pool: asyncpg.Pool, settings: Settings, snapshots: Snapshots) -> None:
    """What became of payments, for policies that learn; for ever, an outage is waited out."""
    while True:
        try:
            await refresh(pool, settings.routing, snapshots)
        except OUTAGES as down:
            log.warning("counting_failed", error=type(down).__name__)
        await asyncio.sleep(settings.routing.statistics_seconds)
