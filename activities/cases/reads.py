"""Reading cases: lists by cursor, one with its history."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.cases.tables import CaseEventRow, CaseRow

_PLACE = re.compile(
    r"(20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}\+00:00) (case_[0-9a-f]{32})", re.ASCII
)


class BadCursor(ValueError):
    """The cursor is not one that a list gave."""


@dataclass(frozen=True, kw_only=True)
class CaseListing:
    """Which cases to list, newest first. `*` among the brands is all of them."""

    brands: Collection[str]
    payment_id: str | None = None
    state: str | None = None
    kind: str | None = None
    owner: str | None = None
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True)
class CasePage:
    items: Sequence[CaseRow]
    next_cursor: str | None


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
            wanted.append(place < _place(listing.cursor))
        query = (
            select(CaseRow)
            .where(*wanted)
            .order_by(col(CaseRow.opened_at).desc(), col(CaseRow.id).desc())
            .limit(listing.limit + 1)
        )
        async with AsyncSession(self._engine) as session:
            rows = (await session.exec(query)).all()
        page = rows[: listing.limit]
        return CasePage(page, _cursor(page[-1]) if len(rows) > listing.limit else None)

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


def _cursor(last: CaseRow) -> str:
    return base64.urlsafe_b64encode(f"{last.opened_at.isoformat()} {last.id}".encode()).decode()


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        found = _PLACE.fullmatch(base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii"))
        if found is not None:
            return datetime.fromisoformat(found.group(1)), found.group(2)
    except ValueError:
        pass
    raise BadCursor("cursor must be the next_cursor of a list")
