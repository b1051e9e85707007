"""Where an instruction may have to wait before it is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from workflows.domain.psp import Parked, Pending

from .psp_calls import Certain


class HeldUp(Exception):
    """The money may not move now: nothing was sent, and it is asked for again when it may."""

    def __init__(self, parked: Parked) -> None:
        super().__init__("stopped")
        self.parked = parked


Gate = Callable[[Callable[[], Awaitable[Certain | Pending]]], Awaitable[Certain | Pending | None]]
"""Lets an instruction be asked when it may be. None: it was given up before."""


async def at_once(ask: Callable[[], Awaitable[Certain | Pending]]) -> Certain | Pending:
    return await ask()
