"""Reading which types of webhooks told us nothing, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.inbox.tables import WebhookTypeRow


@dataclass(frozen=True)
class TypesAsked:
    """`since` and `until` are days in UTC, both of them included."""

    since: date
    until: date
    psp: str | None = None
    limit: int = 1000


class TypeCounts:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def list(self, asked: TypesAsked) -> Sequence[WebhookTypeRow]:
        """By day, the newest first; those of no table before the others."""
        query = (
            select(WebhookTypeRow)
            .where(col(WebhookTypeRow.day) >= asked.since, col(WebhookTypeRow.day) <= asked.until)
            .order_by(
                col(WebhookTypeRow.day).desc(),
                col(WebhookTypeRow.known),
                col(WebhookTypeRow.count).desc(),
                col(WebhookTypeRow.psp),
                col(WebhookTypeRow.type),
            )
            .limit(asked.limit)
        )
        if asked.psp is not None:
            query = query.where(col(WebhookTypeRow.psp) == asked.psp)
        async with AsyncSession(self._engine) as session:
            return (await session.exec(query)).all()
