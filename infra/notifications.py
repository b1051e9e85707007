"""Hearing what a commit notifies of: one connection, which comes back when it was cut.

What it misses while it is away nobody keeps: whoever listens looks for itself now and then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import asyncpg
import structlog

from infra.postgres import OUTAGES
from infra.settings import Postgres

AWAY_SECONDS = 1.0
"""Between attempts to connect."""
_CONNECT_SECONDS = 10.0

log = structlog.get_logger("paysaga.postgres")


class Notifications:
    def __init__(
        self, at: Postgres, channel: str, heard: Callable[[str], None], missed: Callable[[], None]
    ) -> None:
        """`heard` gets each payload; `missed` is called whenever it begins to listen, since nobody
        knows what was told before."""
        self._url = at.url.get_secret_value()
        self._channel = channel
        self._heard = heard
        self._missed = missed
        self.listening = False

    async def run(self) -> None:
        """For ever; an outage is waited out."""
        while True:
            try:
                await self._listen()
            except OUTAGES as down:
                log.warning("not_listening", channel=self._channel, error=type(down).__name__)
            await asyncio.sleep(AWAY_SECONDS)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=_CONNECT_SECONDS)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(self._channel, self._told)
            self.listening = True
            self._missed()
            await lost.wait()
        finally:
            self.listening = False
            with suppress(*OUTAGES):
                await connection.close(timeout=AWAY_SECONDS)

    def _told(self, _: object, __: int, ___: str, payload: object) -> None:
        self._heard(str(payload))
