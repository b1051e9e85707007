"""Payouts that wait for a second person: the oldest first, or the largest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.registry.approval_order import (
    Sort,
    cursor_after,
    order_of,
    place_of,
)
from activities.registry.listing import Page
from activities.registry.tables import PaymentRow
from activities.registry.visibility import visible
from workflows.domain.identity import Kind
from workflows.domain.payouts import Status


@dataclass(frozen=True, kw_only=True)
class Undecided:
    """Which of them to list."""

    brands: Collection[str]
    """Those that the caller may see, `*` for all."""
    sort: Sort = Sort.AGE
    currency: str | None = None
    cursor: str | None = None
    limit: int = 50


class Approvals:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def list(self, undecided: Undecided) -> Page:
        """One round trip. Raises BadCursor."""
        order = order_of(undecided.sort)
        wanted: list[ColumnElement[bool]] = [
            # As literals: so written they are those of the index.
            col(PaymentRow.kind) == literal(Kind.PAYOUT.value, literal_execute=True),
            col(PaymentRow.status).in_(
                literal(status.value, literal_execute=True)
                for status in (Status.AWAITING_APPROVAL, Status.POSTPONED)
            ),
            visible(undecided.brands),
        ]
        if undecided.currency is not None:
            wanted.append(col(PaymentRow.currency) == undecided.currency)
        if undecided.cursor is not None:
            wanted.append(tuple_(*order) > place_of(undecided.sort, undecided.cursor))
        query = select(PaymentRow).where(*wanted).order_by(*order).limit(undecided.limit + 1)
        async with AsyncSession(self._engine) as session:
            rows = (await session.exec(query)).all()
        page = rows[: undecided.limit]
        more = len(rows) > undecided.limit
        return Page(page, cursor_after(undecided.sort, page[-1]) if more else None)
