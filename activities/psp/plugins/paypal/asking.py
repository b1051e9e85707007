"""How much PayPal is asked about webhooks.

Whoever makes up webhooks has us ask PayPal, over the connections and within the rate limit that
payments need: never for long, and never about many at once. The others are sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from activities.psp.contract import WebhookRefused
from activities.psp.wire import WireError

ASKED_AT_ONCE, ASKING_SECONDS = 8, 8.0


class Asking:
    """Of one account."""

    def __init__(self) -> None:
        self._under_way = 0

    @asynccontextmanager
    async def about_a_webhook(self) -> AsyncIterator[None]:
        """Raises WebhookRefused with 503 where PayPal cannot be asked, or is asked too much."""
        if self._under_way >= ASKED_AT_ONCE:
            raise WebhookRefused("verification_unavailable", status=503)
        self._under_way += 1
        try:
            async with asyncio.timeout(ASKING_SECONDS):
                yield
        except (WireError, TimeoutError):
            raise WebhookRefused("verification_unavailable", status=503) from None
        finally:
            self._under_way -= 1
