"""Deciding what is pending, when its time has come; also after a restart."""

from __future__ import annotations

import asyncio
import time

from infra.local.psps.sandbox.operations import Operation
from infra.local.psps.sandbox.store import Store


async def keep_promises(store: Store) -> None:
    """Runs until it is cancelled."""
    while True:
        store.promised.clear()
        with store.database.transaction():
            for row in store.database.rows(
                "SELECT * FROM operations WHERE decide_at <= ? ORDER BY decide_at LIMIT 100",
                time.time(),
            ):
                due = Operation(**dict(row))
                store.decide(due, due.decide_code)
        try:
            async with asyncio.timeout(_seconds_to_the_next(store)):
                await store.promised.wait()
        except TimeoutError:
            continue


def _seconds_to_the_next(store: Store) -> float | None:
    found = store.database.row("SELECT min(decide_at) AS at FROM operations WHERE decide_at > 0")
    if found is None or found["at"] is None:
        return None
    return max(0.0, float(found["at"]) - time.time())
