"""The house's postings: many in one database round trip, each with its own result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from activities.wallet.commands import hash_of
from workflows.domain.ledger import HousePosting
from workflows.domain.wallet import Posted, RefusalReason, Refused, WalletResult

_POST = "SELECT * FROM wallet_post_house($1)"


class HouseLedger:
    """Raises asyncpg.PostgresError or OSError when the database cannot."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def post(self, posting: HousePosting) -> WalletResult:
        """Refused for a key that another posting has: nothing moved."""
        (result,) = await self.post_all([posting])
        return result

    async def post_all(self, postings: Sequence[HousePosting]) -> list[WalletResult]:
        """In their order. One that is refused stops none of the others."""
        rows = await self._pool.fetch(_POST, [as_posting(each) for each in postings])
        return [_result(row) for row in rows]


def as_posting(posting: HousePosting) -> dict[str, Any]:
    """As `wallet_post_house` takes it."""
    player, counter = posting.player, posting.counter
    return {
        "key": posting.key,
        "hash": hash_of(posting),
        "kind": posting.kind,
        "psp": posting.account.psp,
        "account": posting.account.id,
        "bank": posting.bank,
        "currency": posting.amount.currency,
        "amount": posting.amount.minor_units,
        "counter_currency": counter.currency if counter else None,
        "counter_amount": counter.minor_units if counter else None,
        "payment": posting.payment_id,
        "brand": player.brand if player else None,
        "player": player.id if player else None,
    }


def _result(row: asyncpg.Record) -> WalletResult:
    if row["refused"] is not None:
        return Refused(RefusalReason(row["refused"]))
    return Posted(transfer_id=row["transfer_id"], replayed=row["replayed"])
