"""Waiting for what is to come, for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def until(
    holds: Callable[[], Awaitable[bool]], what: str, seconds: float = 60, pause: float = 0.05
) -> None:
    """Raises AssertionError when it never does."""
    try:
        async with asyncio.timeout(seconds):
            while not await holds():  # noqa: ASYNC110 - it is asked of a server
                await asyncio.sleep(pause)
    except TimeoutError:
        raise AssertionError(f"it never came to this: {what}") from None
