"""Waking whoever watches a payment: one listening connection for all of a process.

What the connection misses while it is away, or while nobody notices that it is, a slow poll finds:
one statement for all that is watched, however many watch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import structlog

from activities.registry.watch import Watch
from infra.notifications import Notifications
from infra.postgres import OUTAGES
from infra.settings import Postgres

CHANNEL = "payment_versions"
"""Of the trigger on `payment_events`; its payload is the payment's id."""
POLL_SECONDS = 15.0
AWAY_SECONDS = 1.0
"""Between polls, while nothing is heard."""

log = structlog.get_logger("paysaga.registry")


class Versions:
    """Connects when the first watches, and stays."""

    def __init__(self, at: Postgres, pool: asyncpg.Pool) -> None:
        self._notifications = Notifications(at, CHANNEL, self._wake, self._wake_all)
        self._pool = pool
        self._watches: dict[str, set[Watch]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def listening(self) -> bool:
        """Whether notifications come through."""
        return self._notifications.listening

    @contextmanager
    def watching(self, payment_id: str, seen: int) -> Iterator[Watch]:
        """Begin before reading: what is written after that wakes."""
        if not self._tasks:
            endless = (self._notifications.run(), self._poll())
            self._tasks = {asyncio.create_task(each) for each in endless}
        watch = Watch(payment_id, seen)
        self._watches.setdefault(payment_id, set()).add(watch)
        try:
            yield watch
        finally:
            those = self._watches[payment_id]
            those.discard(watch)
            if not those:
                del self._watches[payment_id]

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _wake_all(self) -> None:
        for payment_id in list(self._watches):
            self._wake(payment_id)

    def _wake(self, payment_id: str) -> None:
        for watch in self._watches.get(payment_id, ()):
            watch.wake()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS if self.listening else AWAY_SECONDS)
            if not self._watches:
                continue
            try:
                rows = await self._pool.fetch(
                    "SELECT * FROM registry_versions($1)", list(self._watches)
                )
            except OUTAGES as down:
                log.warning("not_polled", error=type(down).__name__)
                continue
            for row in rows:
                for watch in self._watches.get(row["id"], ()):
                    if row["version"] > watch.seen:
                        watch.wake()
