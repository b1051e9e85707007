"""Who looks after a case: the one change that needs no run."""

from __future__ import annotations

import asyncpg

_ASSIGN = "SELECT case_assign($1, $2, $3, $4)"


class CaseDesk:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def assign(self, case_id: str, *, key: str, owner: str, by: str) -> None:
        """Once by key. One round trip."""
        await self._pool.execute(_ASSIGN, case_id, key, by, owner)
