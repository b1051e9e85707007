"""Sweeping up, now and then, what died half-way."""

from __future__ import annotations

import asyncio

import asyncpg
import structlog
from temporalio.client import Client

from activities.registry.sweep import start_orphans
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
