"""Stopping captures or payouts by hand, seeing what that touches, and letting them go again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import asyncpg

from activities.routing.stopping.stop import Stop, StopEvent, Touched, Waiting, What
from workflows.domain.payments import Stoppable
from workflows.domain.routing.stop_scope import StopScope

_STOPS = """
SELECT s.id, s.brand, s.psp, s.account, s.region, s.operation, s.reason, s.set_by, s.set_at,
    s.lifted_by, s.lifted_at, s.drain_per_second,
    (SELECT count(*) FROM routing_waiting w WHERE w.stop_id = s.id) AS waiting,
    (SELECT count(*) FROM routing_parked p WHERE p.stop_id = s.id AND p.told_at IS NOT NULL)
        AS released
FROM routing_stops s
"""
_ONE = f"{_STOPS} WHERE s.id = $1"
_SEEN = f"""{_STOPS}
WHERE ($1::text[] @> '{{*}}' OR s.brand = '*' OR s.brand = ANY ($1))
  AND (NOT $2 OR s.lifted_at IS NULL) AND ($3::bigint IS NULL OR s.id < $3)
ORDER BY s.id DESC LIMIT $4
"""
_EVENTS = """
SELECT what, reason, drain_per_second, by, at FROM routing_stop_events
WHERE stop_id = $1 ORDER BY id
"""
_TOUCHED = """
SELECT currency, m.psp IS NULL AS unrouted, count(*) AS payments,
    sum(amount_minor)::bigint AS minor_units
FROM routing_movable m
WHERE operation = $5 AND $1 IN ('*', m.brand) AND $4 IN ('*', m.region)
  AND (m.psp IS NULL OR $2 IN ('*', m.psp) AND $3 IN ('*', m.account))
GROUP BY 1, 2
"""
_PARKED = """
SELECT payment_id, stop_id, parked_at, brand, currency, amount_minor AS minor_units, status
FROM routing_waiting WHERE stop_id = $1 ORDER BY parked_at, payment_id LIMIT $2
"""


class Stops:
    """One database round trip per question, two to change something."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def touched(self, scope: StopScope) -> Touched:
        """What a stop would hold up if it were set now."""
        rows = await self._pool.fetch(_TOUCHED, *_words(scope))
        routed = [row for row in rows if not row["unrouted"]]
        return Touched(
            payments=sum(row["payments"] for row in routed),
            amounts={row["currency"]: row["minor_units"] for row in routed},
            unrouted=sum(row["payments"] for row in rows if row["unrouted"]),
        )

    async def put(self, scope: StopScope, *, reason: str, by: str) -> Stop:
        """The live stop of this scope: a new one, or the one that was set before."""
        stop_id = await self._pool.fetchval(
            "SELECT routing_stop($1, $2, $3, $4, $5, $6, $7)", *_words(scope), reason, by
        )
        return await self._known(stop_id)

    async def lift(self, stop_id: int, *, per_second: float, reason: str, by: str) -> Stop:
        """Lift it, or change the rate (above 0) at which a lifted one lets payments go.

        Lifting again at the same rate is lifting once. Raises LookupError for an unknown stop.
        """
        await self._pool.fetchval(
            "SELECT routing_lift($1, $2, $3, $4)", stop_id, per_second, reason, by
        )
        return await self._known(stop_id)

    async def stop(self, stop_id: int) -> Stop | None:
        row = await self._pool.fetchrow(_ONE, stop_id)
        return None if row is None else _stop(row)

    async def seen_by(
        self,
        brands: Collection[str],
        *,
        only_live: bool = False,
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[Stop]:
        """Newest first, those that matter to the brands (`*` is all)."""
        rows = await self._pool.fetch(_SEEN, list(brands), only_live, before, limit)
        return [_stop(row) for row in rows]

    async def events(self, stop_id: int) -> Sequence[StopEvent]:
        """Who did what, and why; the oldest first."""
        return [
            StopEvent(**dict(row) | {"what": What(row["what"])})
            for row in await self._pool.fetch(_EVENTS, stop_id)
        ]

    async def waiting(self, stop_id: int, limit: int = 50) -> Sequence[Waiting]:
        """In the order in which they will go on."""
        return [Waiting(**dict(row)) for row in await self._pool.fetch(_PARKED, stop_id, limit)]

    async def _known(self, stop_id: int) -> Stop:
        stop = await self.stop(stop_id)
        if stop is None:
            raise LookupError(f"there is no stop {stop_id}")
        return stop


def _words(scope: StopScope) -> tuple[str, ...]:
    return scope.brand, scope.psp, scope.account, scope.region, scope.operation


def _stop(row: asyncpg.Record) -> Stop:
    return Stop(**dict(row) | {"operation": Stoppable(row["operation"])})
