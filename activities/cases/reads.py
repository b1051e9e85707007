"""Listing cases."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.cases.tables import CaseRow


class CaseReads:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def list(
        self, brands: Collection[str], *, payment_id: str | None = None, limit: int = 50
    ) -> Sequence[CaseRow]:
        """The newest cases of the brands (`*` for all)."""
        query = select(CaseRow).order_by(col(CaseRow.opened_at).desc()).limit(limit)
        if "*" not in brands:
            query = query.where(col(CaseRow.brand).in_(list(brands)))
        if payment_id is not None:
            query = query.where(col(CaseRow.payment_id) == payment_id)
        async with AsyncSession(self._engine) as session:
            return (await session.exec(query)).all()
