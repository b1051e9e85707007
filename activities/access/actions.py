"""Reading who did what: newest first, by brand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

_LISTED = """
SELECT a.id, a.at, a.actor, a.person, a.brand, a.remote, a.what, a.subject, a.reason, a.trace_id,
    k.answer_status AS answered
FROM actions a LEFT JOIN idempotency_keys k ON k.brand = a.brand AND k.key = a.key
WHERE ($1::text[] @> '{*}' OR a.brand = ANY ($1))
  AND ($2::text IS NULL OR a.brand = $2) AND ($3::text IS NULL OR a.subject = $3)
  AND ($4::text IS NULL OR a.person = $4) AND ($5::text IS NULL OR a.actor = $5)
  AND ($6::bigint IS NULL OR a.id < $6)
ORDER BY a.id DESC LIMIT $7
"""


@dataclass(frozen=True, kw_only=True)
class Done:
    id: int
    at: datetime
    actor: str
    """The credential's name, or the user of the command line."""
    person: str
    brand: str
    remote: str | None
    what: str
    subject: str
    reason: str | None
    trace_id: str
    answered: int | None
    """The HTTP status that came of it; None: not answered yet, or not asked over HTTP."""


@dataclass(frozen=True, kw_only=True)
class Sought:
    """Which actions to list. `*` among the brands is all of them."""

    brands: Collection[str]
    brand: str | None = None
    subject: str | None = None
    person: str | None = None
    actor: str | None = None
    before: int | None = None
    limit: int = 50


class Actions:
    """One statement per call."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def list(self, sought: Sought) -> Sequence[Done]:
        rows = await self._pool.fetch(
            _LISTED,
            list(sought.brands),
            sought.brand,
            sought.subject,
            sought.person,
            sought.actor,
            sought.before,
            sought.limit,
        )
        return [Done(**dict(row)) for row in rows]
