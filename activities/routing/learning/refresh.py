"""Counting anew when it is time: one worker for all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg

from activities.routing.learning.segmentation import (
    segmentations,
)
from activities.routing.learning.statistics import count
from activities.routing.settings import RoutingSettings
from activities.routing.snapshots import Snapshots

_LOCK = 7_265_871_011
"""Of Postgres's advisory locks: one worker counts."""

_IS_DUE = """
SELECT NOT EXISTS (
    SELECT FROM routing_statistics WHERE counted_at > now() - make_interval(secs => $1)
)
"""


async def refresh(pool: asyncpg.Pool, settings: RoutingSettings, snapshots: Snapshots) -> bool:
    """Count anew if it is time, nobody else does, and an active policy learns; whether it did.

    Raises asyncpg.PostgresError, OSError or TimeoutError.
    """
    policies = (await snapshots.latest()).policies.values()
    several = segmentations(policies)
    if not several:
        return False
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK):
            return False
        # A little early is in time: whoever looks every so many seconds is never quite punctual.
        if not await connection.fetchval(_IS_DUE, settings.statistics_seconds * 0.9):
            return False
        window = timedelta(hours=settings.window_hours)
        counted = await count(connection, several, datetime.now(UTC) - window)
        tallies = sorted(counted.tallies, key=lambda t: (t.account.psp, t.account.id, t.segment))
        await connection.fetchval("SELECT routing_count($1)", {"tallies": tallies})
    return True
