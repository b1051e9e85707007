"""Lines that tell what became of a payment in doubt, until its run has heard of it."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from workflows.domain.psp import MerchantAccount
from workflows.domain.reconciliation import Completion

_WAITING = """
SELECT file_id, place, payment_id, key, operation, movement, currency, amount_minor, psp_ref,
    booked_at
FROM matching_to_pass_on($1, $2, $3)
"""


class Completions:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def to_pass_on(self, account: MerchantAccount, at_most: int) -> list[Completion]:
        rows = await self._pool.fetch(_WAITING, account.psp, account.id, at_most)
        return [
            Completion(**{**dict(row), "booked_at": row["booked_at"].isoformat()}) for row in rows
        ]

    async def passed_on(self, completions: Sequence[Completion]) -> None:
        """Once the payments' runs have them for certain."""
        await self._pool.execute(
            "SELECT matching_passed_on($1, $2)",
            [completion.file_id for completion in completions],
            [completion.place for completion in completions],
        )
