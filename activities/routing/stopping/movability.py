"""Whether money may move at a merchant account, or its run parks until a stop is lifted."""

from __future__ import annotations

import asyncpg

from workflows.domain.payments import Go, Moved, MoveRequest
from workflows.domain.psp import Parked


class Movability:
    """One database round trip."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def of(self, request: MoveRequest) -> Moved:
        account = request.account
        row = await self._pool.fetchrow(
            "SELECT * FROM psp_may_move($1, $2, $3, $4, $5, $6, $7)",
            request.payment_id,
            request.brand,
            account and account.psp,
            account and account.id,
            request.region,
            request.operation,
            request.player_id,
        )
        if row is None:
            raise LookupError("whether it may move gave no row")
        parked = Parked(row["stop_id"], row["case_id"])
        return Go() if parked == Parked() else parked
