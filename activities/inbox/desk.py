"""Looking at what was heard, and having it delivered again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import asyncpg

from activities.inbox.heard import HeardEvent, HeardListing, Redelivery

ALL_BRANDS = "*"

_HEARD = """
SELECT e.id, e.psp, e.event_id, e.payment_id, e.event, e.received_at, e.next_at, e.attempts,
    e.refusals, e.delivered_at, e.parked, e.escalated_at, p.brand,
    CASE WHEN e.delivered_at IS NOT NULL THEN 'delivered' WHEN e.parked = 'repeated' THEN 'repeated'
        WHEN e.parked IS NOT NULL THEN 'parked' ELSE 'waiting' END AS state
FROM inbox_events e LEFT JOIN payments p ON p.id = e.payment_id
WHERE ($1 OR p.brand = ANY($2))
"""
_OF = {
    "waiting": "e.delivered_at IS NULL AND e.parked IS NULL",
    "delivered": "e.delivered_at IS NOT NULL",
    "parked": "e.parked IS NOT NULL AND e.parked <> 'repeated' AND e.delivered_at IS NULL",
    "repeated": "e.parked = 'repeated' AND e.delivered_at IS NULL",
}
_AGAIN = """
SELECT was, by, reason, at FROM inbox_redeliveries WHERE event_id = $1 ORDER BY id
"""
_REDELIVER = "SELECT inbox_redeliver($1, $2, $3, $4)"


class InboxDesk:
    """One database round trip per call."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def list(self, listing: HeardListing) -> Sequence[HeardEvent]:
        """At most `limit`."""
        query, values = _HEARD, [ALL_BRANDS in listing.brands, list(listing.brands)]
        for condition, value in (
            ("e.psp =", listing.psp),
            ("e.payment_id =", listing.payment_id),
            ("e.event_id =", listing.event_id),
            ("e.id <", listing.before),
        ):
            if value is not None:
                values.append(value)
                query += f" AND {condition} ${len(values)}"
        if listing.state is not None:
            query += f" AND {_OF[listing.state]}"
        values.append(listing.limit)
        rows = await self._pool.fetch(f"{query} ORDER BY e.id DESC LIMIT ${len(values)}", *values)
        return [HeardEvent(**row) for row in rows]

    async def one(self, id_: int, brands: Collection[str]) -> HeardEvent | None:
        query = f"{_HEARD} AND e.id = $3"
        row = await self._pool.fetchrow(query, ALL_BRANDS in brands, list(brands), id_)
        return HeardEvent(**row) if row is not None else None

    async def redeliveries(self, id_: int) -> Sequence[Redelivery]:
        """The oldest first."""
        return [Redelivery(**row) for row in await self._pool.fetch(_AGAIN, id_)]

    async def redeliver(self, id_: int, *, key: str, by: str, reason: str) -> None:
        """Once by key: put it at the head of the queue, whatever became of it before."""
        await self._pool.execute(_REDELIVER, id_, key, by, reason)
