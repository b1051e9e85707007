"""The counts that a policy learns from, kept in memory until there are newer ones."""

from __future__ import annotations

import asyncpg
from pydantic import TypeAdapter

from workflows.domain.routing.learning.statistics import Statistics, Tally

TALLIES = TypeAdapter(tuple[Tally, ...])

_LATEST = "SELECT version, document FROM routing_statistics ORDER BY version DESC LIMIT 1"


class Learned:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._known = Statistics()

    async def of(self, version: int | None) -> Statistics:
        """At this version or a later one: old ones are not kept. None: nothing was ever counted."""
        if version is not None and str(version) != self._known.version:
            self._known = await latest(self._pool)
        return self._known


async def latest(pool: asyncpg.Pool) -> Statistics:
    row = await pool.fetchrow(_LATEST)
    if row is None:
        return Statistics()
    return Statistics(str(row["version"]), TALLIES.validate_python(row["document"]["tallies"]))
