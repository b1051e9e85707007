"""Which types of webhooks told us nothing, and how often: a table that lacks one is noticed.

They are counted beside the delivery, never in its way: what cannot be counted is logged.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.inbox.tables import WebhookTypeRow
from infra.card_data import has_card_data
from infra.postgres import OUTAGES

# In one order, so that deliveries which count the same types cannot wait for each other.
_COUNT = """
INSERT INTO webhook_types AS kept (psp, day, type, known, count)
SELECT $1, (now() AT TIME ZONE 'UTC')::date, type, known, count
FROM unnest($2::text[], $3::boolean[], $4::bigint[]) AS told (type, known, count)
ORDER BY type, known
ON CONFLICT (psp, day, type, known) DO UPDATE SET count = kept.count + excluded.count
"""
_LONGEST = 100
_AT_MOST = 50
"""Kinds of one delivery; what is beyond is counted as one."""
_OTHERS = "(others)"
_HIDDEN = "(hidden)"
_UNPRINTABLE = re.compile(r"[^ -~]")
_SECONDS = 2.0

log = structlog.get_logger("paysaga.inbox")


@dataclass(frozen=True)
class TypesAsked:
    """`since` and `until` are days in UTC, both of them included."""

    since: date
    until: date
    psp: str | None = None
    limit: int = 1000


class WebhookTypes:
    def __init__(self, pool: asyncpg.Pool, engine: AsyncEngine) -> None:
        self._pool = pool
        self._engine = engine

    async def count(self, psp: str, ignored: Sequence[str], unknown: Sequence[str]) -> None:
        """One statement, if there is anything to count. Raises nothing."""
        if not ignored and not unknown:
            return
        counted = _counted(ignored, unknown)
        news = sorted({type_ for type_, known in counted if not known})
        if news:
            log.warning("webhook_types_unknown", psp=psp, types=news[:10], kinds=len(news))
        try:
            async with asyncio.timeout(_SECONDS):
                await self._pool.execute(
                    _COUNT,
                    psp,
                    [type_ for type_, _ in counted],
                    [known for _, known in counted],
                    list(counted.values()),
                )
        except OUTAGES as down:
            log.error("webhook_types_not_counted", psp=psp, error=type(down).__name__)

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


def _counted(ignored: Sequence[str], unknown: Sequence[str]) -> dict[tuple[str, bool], int]:
    """By type and whether it is known: unknown ones first, and not too many."""
    told = [*((_shown(t), False) for t in unknown), *((_shown(t), True) for t in ignored)]
    counted: Counter[tuple[str, bool]] = Counter()
    for kind in told:
        counted[kind if kind in counted or len(counted) < _AT_MOST else (_OTHERS, kind[1])] += 1
    return counted


def _shown(type_: str) -> str:
    """The PSP's text: one line of plain characters, and not a long one."""
    if has_card_data(type_):
        return _HIDDEN
    return _UNPRINTABLE.sub("?", type_)[:_LONGEST] or "?"
