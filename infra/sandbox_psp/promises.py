"""Deciding what is pending, when its time has come; also after a restart."""

from __future__ import annotations

import asyncio
import time

from infra.sandbox_psp.books import Books
from infra.sandbox_psp.operations import Operation


async def keep_promises(books: Books) -> None:
    """Runs until it is cancelled."""
    while True:
        books.promised.clear()
        with books.store.transaction():
            for row in books.store.rows(
                "SELECT * FROM operations WHERE decide_at <= ? ORDER BY decide_at LIMIT 100",
                time.time(),
            ):
                due = Operation(**dict(row))
                books.decide(due, due.decide_code)
        try:
            async with asyncio.timeout(_seconds_to_the_next(books)):
                await books.promised.wait()
        except TimeoutError:
            continue


def _seconds_to_the_next(books: Books) -> float | None:
    found = books.store.row("SELECT min(decide_at) AS at FROM operations WHERE decide_at > 0")
    if found is None or found["at"] is None:
        return None
    return max(0.0, float(found["at"]) - time.time())
