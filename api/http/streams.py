"""Open event streams: a share for each brand, and none outlives the token that opened it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from activities.access.credentials import Credentials
from activities.registry.versions import Versions
from activities.registry.watch import Watch
from api.http.shares import Seats
from infra.postgres import OUTAGES

_CHECK_SECONDS = 1.0

log = structlog.get_logger("paysaga.api")


class Streams:
    """Those of one process, each with the token that opened it."""

    def __init__(
        self, versions: Versions, credentials: Credentials, seats: Seats, check_seconds: float
    ) -> None:
        """`check_seconds`: how long a stream may go on after its token has ended."""
        self._versions = versions
        self._credentials = credentials
        self.seats = seats
        self._check_seconds = max(_CHECK_SECONDS, check_seconds)
        self._open: dict[Watch, str] = {}
        """Each with the prefix of the token that opened it."""
        self._checking: asyncio.Task[None] | None = None

    @contextmanager
    def watching(self, payment_id: str, seen: int, prefix: str) -> Iterator[Watch]:
        """For versions after `seen`; ended when the token of `prefix` is."""
        if self._checking is None:
            self._checking = asyncio.create_task(self._check())
        with self._versions.watching(payment_id, seen) as watch:
            self._open[watch] = prefix
            try:
                yield watch
            finally:
                del self._open[watch]

    async def aclose(self) -> None:
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.gather(self._checking, return_exceptions=True)
        await self._versions.aclose()

    async def _check(self) -> None:
        """One question about all of them, however many are open."""
        while True:
            await asyncio.sleep(self._check_seconds)
            if not self._open:
                continue
            try:
                live = await self._credentials.live(set(self._open.values()))
            except OUTAGES as down:
                log.warning("streams_not_checked", error=type(down).__name__)
                continue
            for watch, prefix in list(self._open.items()):
                if prefix not in live:
                    watch.end()
