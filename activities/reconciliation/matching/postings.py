"""What the ledger is to book of files whose lines were judged."""

from __future__ import annotations

import asyncpg

from activities.reconciliation.matching.matcher import PATIENCE_SECONDS
from workflows.domain.psp import MerchantAccount
from workflows.domain.reconciliation import HouseCommand


class Postings:
    """Commands are the same whenever they are asked for, so that what was booked before stays once.

    Raises asyncpg.CheckViolationError where they would not sum to the file's lines.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def to_post(self, account: MerchantAccount) -> list[tuple[int, bool]]:
        """Files, and whether what was booked of it is to be turned back; in the order to do it."""
        query = "SELECT * FROM matching_to_post($1, $2)"
        rows = await self._pool.fetch(query, account.psp, account.id)
        return [(row["file_id"], row["is_undone"]) for row in rows]

    async def commands(self, file_id: int, *, undone: bool = False) -> list[HouseCommand]:
        query = "SELECT matching_commands($1, $2)"
        rows = await self._pool.fetchval(query, file_id, undone, timeout=PATIENCE_SECONDS)
        return [HouseCommand(**row) for row in rows]

    async def posted(self, file_id: int, *, undone: bool = False) -> None:
        """Once the ledger has them all."""
        await self._pool.execute("SELECT matching_posted($1, $2)", file_id, undone)
