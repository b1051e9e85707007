"""Finding payments by what a person has in hand: an id of ours, theirs or a PSP's, or an amount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.registry.cursors import cursor_after
from activities.registry.fitting import page_of_terms
from activities.registry.sought import Sought
from activities.registry.tables import PaymentRow


@dataclass(frozen=True)
class Found:
    payment: PaymentRow
    by: Sequence[str]
    """The words that fitted the rarest part of what was sought."""


@dataclass(frozen=True)
class FoundPage:
    items: Sequence[Found]
    next_cursor: str | None


class Search:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, sought: Sought) -> FoundPage:
        """The newest first, at most `limit`. One round trip. Raises BadCursor, ValueError."""
        terms = page_of_terms(sought)
        query = (
            select(PaymentRow, terms.c.words)
            .join(terms, terms.c.payment_id == col(PaymentRow.id))
            .order_by(terms.c.created_at.desc(), terms.c.payment_id.desc())
        )
        async with AsyncSession(self._engine) as session:
            rows = (await session.exec(query)).all()
        page = [Found(payment, words) for payment, words in rows[: sought.limit]]
        more = len(rows) > sought.limit
        return FoundPage(page, cursor_after(page[-1].payment) if more else None)
