"""Ctrl-C and SIGTERM: the work is cancelled once, in order, and says so."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

from rich.console import Console


async def until_interrupted(
    work: Coroutine[Any, Any, int], console: Console, *, code: int = 0
) -> int:
    """What the work gives, or `code` when it was interrupted. Impatience changes nothing."""
    task, interrupted = asyncio.ensure_future(work), False

    def stop() -> None:
        nonlocal interrupted
        if interrupted:
            console.print("stopping already; it takes a few seconds")
            return
        interrupted = True
        console.print("\nstopping")
        task.cancel()

    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if not interrupted:
            raise
        console.print("stopped")
        return code
