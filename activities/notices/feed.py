"""The events as they are read and replayed: a feed in the order in which they were written.

The feed ends before the oldest transaction that is still writing, so that a reader who goes on
from where it stopped misses nothing that commits late.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from activities.notices.event import COLUMNS, JOINED, Event, event_of

ALL_BRANDS = "*"

_DELIVERY = "n.tx, n.state, n.attempts, n.next_at, n.delivered_at, n.last_result"
_FEED = f"""
SELECT {COLUMNS}, {_DELIVERY} FROM notices n {JOINED}
WHERE n.tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
"""  # noqa: S608 - constants of ours
# One statement, so that a payment's later numbers that still wait are told right behind.
_REPLAY = """
WITH again AS (
    UPDATE notices SET state = 'waiting', next_at = now(), until = now() + interval '3 days',
        attempts = 0, delivered_at = NULL
    WHERE payment_id = $1 AND sequence BETWEEN $2 AND $3
    RETURNING sequence
), waiting AS (
    UPDATE notices SET next_at = now()
    WHERE payment_id = $1 AND NOT sequence BETWEEN $2 AND $3 AND state = 'waiting'
)
SELECT sequence FROM again ORDER BY sequence
"""
_LAST = 2_147_483_647
_PLACE = re.compile(r"([0-9]{1,18}) ([a-z]{2}_[0-9a-f]{32}) ([0-9]{1,9})", re.ASCII)


class BadCursor(ValueError):
    """The cursor is not one that the feed gave."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Every filter narrows."""

    brands: Collection[str]
    payment_id: str | None = None
    type: str | None = None
    state: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True)
class Told:
    event: Event
    state: str
    attempts: int
    next_at: datetime | None
    delivered_at: datetime | None
    last_result: str | None


@dataclass(frozen=True)
class Page:
    items: Sequence[Told]
    next_cursor: str | None
    """Where to go on, also when there is nothing more yet. None: nothing has been found so far."""


class Feed:
    """One database round trip per call."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def page(self, wanted: Wanted) -> Page:
        """The oldest events after the cursor. Raises BadCursor."""
        conditions, values = _conditions(wanted)
        values.append(wanted.limit)
        rows = await self._pool.fetch(
            f"{_FEED} {conditions} ORDER BY n.tx, n.payment_id, n.sequence LIMIT ${len(values)}",
            *values,
        )
        return Page(
            [_told(dict(row)) for row in rows], _cursor(rows[-1]) if rows else wanted.cursor
        )

    async def replay(self, payment_id: str, first: int, last: int | None = None) -> Sequence[int]:
        """Tell these numbers of a payment again, in order; give those there are.

        What is waiting anyway is tried at once, with three more days.
        """
        rows = await self._pool.fetch(_REPLAY, payment_id, first, last or _LAST)
        return [row["sequence"] for row in rows]


def _conditions(wanted: Wanted) -> tuple[str, list[Any]]:
    values: list[Any] = []
    conditions = []

    def narrow(condition: str, *given: Any) -> None:
        places = [f"${len(values) + n}" for n in range(1, len(given) + 1)]
        conditions.append("AND " + condition.format(*places))
        values.extend(given)

    if ALL_BRANDS not in wanted.brands:
        narrow("n.brand = ANY({})", list(wanted.brands))
    for condition, value in (
        ("n.payment_id = {}", wanted.payment_id),
        ("n.type = {}", wanted.type),
        ("n.state = {}", wanted.state),
        ("n.created_at >= {}", wanted.created_from),
        ("n.created_at < {}", wanted.created_to),
    ):
        if value is not None:
            narrow(condition, value)
    if wanted.cursor is not None:
        narrow("(n.tx, n.payment_id, n.sequence) > ({}, {}, {})", *_place(wanted.cursor))
    return " ".join(conditions), values


def _told(row: dict[str, Any]) -> Told:
    return Told(
        event_of(row),
        row["state"],
        row["attempts"],
        row["next_at"],
        row["delivered_at"],
        row["last_result"],
    )


def _cursor(last: asyncpg.Record) -> str:
    place = f"{last['tx']} {last['payment_id']} {last['sequence']}"
    return base64.urlsafe_b64encode(place.encode()).decode()


def _place(cursor: str) -> tuple[int, str, int]:
    try:
        found = _PLACE.fullmatch(base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii"))
    except ValueError:
        found = None
    if found is None:
        raise BadCursor
    return int(found[1]), found[2], int(found[3])
