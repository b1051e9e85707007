"""Whether money may move at a merchant account, or its run parks until a stop is lifted."""

from __future__ import annotations

import asyncpg

from workflows.domain.payments import Go, Moved, MoveRequest, Parked
from workflows.ports import Routing


class Parking(Routing):
    """The half of the Routing port that is about stops by hand. One database round trip."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def may_move(self, request: MoveRequest) -> Moved:
        account = request.account
        stop_id = await self._pool.fetchval(
            "SELECT routing_may_move($1, $2, $3, $4, $5, $6)",
            request.payment_id,
            request.brand,
            account and account.psp,
            account and account.id,
            request.region,
            request.operation,
        )
        return Go() if stop_id is None else Parked(stop_id)
