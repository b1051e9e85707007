"""One reader of one payment, who waits for news of it."""

from __future__ import annotations

import asyncio


class Watch:
    """One reader of one payment."""

    def __init__(self, payment_id: str, seen: int) -> None:
        self.payment_id = payment_id
        self.seen = seen
        """The last version that the reader has."""
        self.ended = False
        self._news = asyncio.Event()

    async def news(self) -> None:
        """Return when there may be a newer version, or when `ended` was set."""
        await self._news.wait()
        self._news.clear()

    def wake(self) -> None:
        self._news.set()

    def end(self) -> None:
        self.ended = True
        self.wake()
