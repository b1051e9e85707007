"""Reading the wallet: a player's balances, and the entries behind them by cursor."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.wallet.statement import Balance, Entry, entry_of
from activities.wallet.tables import AccountRow, EntryRow, TransferRow

ALL_BRANDS = "*"


class WalletReads:
    """Every read names the brands that the caller may see (`*` for all)."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def balances(self, player_id: str, brands: Collection[str]) -> Sequence[Balance]:
        """One for each brand and currency, in that order."""
        query = select(AccountRow).where(*_of(player_id, brands))
        async with AsyncSession(self._engine) as session:
            rows = (await session.exec(query)).all()
        found: dict[tuple[str, str], dict[str, int]] = {}
        for row in rows:
            kept = found.setdefault((row.brand or "", row.currency), {})
            kept[row.purpose] = row.balance or 0
        return [
            Balance(brand=brand, currency=currency, **found[brand, currency])
            for brand, currency in sorted(found)
        ]

    async def entries(
        self, player_id: str, brands: Collection[str], *, before: int | None, limit: int
    ) -> Sequence[Entry]:
        """Newest first; `before` is the id of the last one seen."""
        query = (
            select(EntryRow, AccountRow, TransferRow)
            .join(AccountRow, col(AccountRow.id) == col(EntryRow.account_id))
            .join(TransferRow, col(TransferRow.id) == col(EntryRow.transfer_id))
            .where(*_of(player_id, brands))
            .order_by(col(EntryRow.id).desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(col(EntryRow.id) < before)
        async with AsyncSession(self._engine) as session:
            rows = (await session.exec(query)).all()
        return [entry_of(*row) for row in rows]


def _of(player_id: str, brands: Collection[str]) -> list[ColumnElement[bool]]:
    wanted = [col(AccountRow.player_id) == player_id]
    if ALL_BRANDS not in brands:
        wanted.append(col(AccountRow.brand).in_(list(brands)))
    return wanted
