"""Declines, counted: which PSP says no to what, in its words and in ours."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.registry.visibility import ALL_BRANDS
from workflows.domain.declines import DeclineReason
from workflows.domain.identity import Kind

_COUNTED = text("""
SELECT attempt -> 'account' ->> 'psp' AS psp, attempt -> 'account' ->> 'id' AS merchant_account,
    split_part(attempt ->> 'key', ':', 2) AS step,
    coalesce(attempt ->> 'reason', '') AS reason, coalesce(attempt ->> 'code', '') AS code,
    (attempt ->> 'soft')::boolean AS soft, count(*) AS count
FROM payments CROSS JOIN LATERAL jsonb_array_elements(facts -> 'attempts') AS attempt
WHERE kind = ANY(:kinds) AND (:all_brands OR brand = ANY(:brands))
    AND created_at >= :since AND created_at < :until
    AND attempt ->> 'outcome' = 'declined'
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY count DESC, 1, 2, 3, 4, 5, 6
LIMIT :limit
""")


@dataclass(frozen=True, kw_only=True)
class DeclinesAsked:
    """Of payments that were opened from `since` on and before `until`."""

    brands: Collection[str]
    """Those that the caller may see, `*` for all."""
    since: datetime
    until: datetime
    limit: int = 1000


@dataclass(frozen=True)
class Declines:
    psp: str
    merchant_account: str
    step: str
    reason: str
    code: str
    soft: bool | None
    """None: declined before it was kept."""
    count: int

    @property
    def unmapped(self) -> bool:
        """The PSP's code is in no table of ours."""
        return self.reason == DeclineReason.UNMAPPED


class DeclineReads:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def count(self, asked: DeclinesAsked) -> Sequence[Declines]:
        """The most frequent first."""
        parameters = {
            "kinds": [str(kind) for kind in Kind],
            "all_brands": ALL_BRANDS in asked.brands,
            "brands": list(asked.brands),
            "since": asked.since,
            "until": asked.until,
            "limit": asked.limit,
        }
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_COUNTED, parameters)).all()
        return [Declines(*row) for row in rows]
