"""Reading cases: lists by cursor, one with its history."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.cases.listing import CaseListing, CasePage, cursor_after, place_of
from activities.cases.tables import CaseEventRow, CaseRow


class CaseReads:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def list(self, listing: CaseListing) -> CasePage:
        """At most `limit` cases. Raises BadCursor."""
        wanted = [_visible(listing.brands)]
        for column, value in (
            (CaseRow.payment_id, listing.payment_id),
            (CaseRow.state, listing.state),
            (CaseRow.kind, listing.kind),
            (CaseRow.owner, listing.owner),
        ):
            if value is not None:
                wanted.append(col(column) == value)
        if listing.cursor is not None:
            place = tuple_(col(CaseRow.opened_at), col(CaseRow.id))
            wanted.append(place < place_of(listing.cursor))
        query = (
            select(CaseRow)
            .where(*wanted)
            .order_by(col(CaseRow.opened_at).desc(), col(CaseRow.id).desc())
            .limit(listing.limit + 1)
        )
        async with AsyncSession(self._engine) as session:
            rows = (await session.exec(query)).all()
        page = rows[: listing.limit]
        return CasePage(page, cursor_after(page[-1]) if len(rows) > listing.limit else None)

    async def one(self, case_id: str, brands: Collection[str]) -> CaseRow | None:
        query = select(CaseRow).where(col(CaseRow.id) == case_id, _visible(brands))
        async with AsyncSession(self._engine) as session:
            return (await session.exec(query)).first()

    async def history(self, case_id: str) -> Sequence[CaseEventRow]:
        """Oldest first."""
        query = (
            select(CaseEventRow)
            .where(col(CaseEventRow.case_id) == case_id)
            .order_by(col(CaseEventRow.id))
        )
        async with AsyncSession(self._engine) as session:
            return (await session.exec(query)).all()


def _visible(brands: Collection[str]) -> ColumnElement[bool]:
    if "*" in brands:
        return col(CaseRow.id).is_not(None)
    return col(CaseRow.brand).in_(list(brands))
