"""Which events a reader wants, and where the next page begins."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

ALL_BRANDS = "*"

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


def conditions_of(wanted: Wanted) -> tuple[str, list[Any]]:
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


def cursor_after(last: asyncpg.Record) -> str:
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
