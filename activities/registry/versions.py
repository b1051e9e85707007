"""Waking whoever watches a payment: one listening connection for all of a process.

What the connection misses while it is away, or while nobody notices that it is, a slow poll finds:
one statement for all that is watched, however many watch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import asyncpg
import structlog

from activities.registry.watch import Watch
from infra.postgres import OUTAGES
from infra.settings import Postgres

CHANNEL = "payment_versions"
"""Of the trigger on `payment_events`; its payload is the payment's id."""
POLL_SECONDS = 15.0
AWAY_SECONDS = 1.0
"""Between polls, and between attempts to connect, while nothing is heard."""
_CONNECT_SECONDS = 10.0

log = structlog.get_logger("paysaga.registry")


class Versions:
    """Connects when the first watches, and stays."""

    def __init__(self, at: Postgres, pool: asyncpg.Pool) -> None:
        self._url = at.url.get_secret_value()
        self._pool = pool
        self._watches: dict[str, set[Watch]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.listening = False

    @contextmanager
    def watching(self, payment_id: str, seen: int) -> Iterator[Watch]:
        """Begin before reading: what is written after that wakes."""
        if not self._tasks:
            self._tasks = {asyncio.create_task(self._listen()), asyncio.create_task(self._poll())}
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

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except OUTAGES as down:
                log.warning("not_listening", error=type(down).__name__)
            await asyncio.sleep(AWAY_SECONDS)

    async def _listen_once(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=_CONNECT_SECONDS)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(CHANNEL, self._heard)
            self.listening = True
            # Nobody knows what was written meanwhile.
            for payment_id in list(self._watches):
                self._wake(payment_id)
            await lost.wait()
        finally:
            self.listening = False
            with suppress(*OUTAGES):
                await connection.close(timeout=AWAY_SECONDS)

    def _heard(self, _: object, __: int, ___: str, payload: object) -> None:
        self._wake(str(payload))

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
