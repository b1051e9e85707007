"""Storing verified events: one statement, and the webhook may be answered."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
import orjson

from workflows.domain.psp import PspEvent


class Inbox:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def store(self, events: Sequence[PspEvent]) -> int:
        """Keep the events, each once by PSP and event id; give the number of new ones."""
        if not events:
            return 0
        stored = await self._pool.fetch(
            "INSERT INTO inbox_events (psp, event_id, payment_id, event) "
            "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]::jsonb[]) "
            "ON CONFLICT (psp, event_id) DO NOTHING RETURNING id",
            [event.psp for event in events],
            [event.event_id for event in events],
            [event.payment_id for event in events],
            [orjson.dumps(event).decode() for event in events],
        )
        return len(stored)
