"""How a process of ours runs: on the quick event loop, and with memory that has settled."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """To its end, as `asyncio.run` does."""
    with asyncio.Runner(loop_factory=quick_loop()) as runner:
        return runner.run(main)


def quick_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, which takes a tenth less CPU; None where there is none, as on Windows."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def settle_memory() -> None:
    """What is there by now stays: the collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
