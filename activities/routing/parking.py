"""Whether money may move at a merchant account, or its run parks until a stop is lifted."""

from __future__ import annotations

import asyncpg

from workflows.domain.payments import Go, Moved, MoveRequest
from workflows.ports import Routing


class Parking(Routing):
    """The half of the Routing port that is about stops by hand."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def may_move(self, request: MoveRequest) -> Moved:
        return Go()
