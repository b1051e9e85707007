"""Which payments to list, by one query."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, tuple_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from activities.registry.cursors import place_of
from activities.registry.tables import PaymentRow, SearchTermRow
from activities.registry.visibility import visible


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Which payments to list, newest first."""

    kind: str
    brands: Collection[str]
    player_id: str | None = None
    status: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    intent_id: str | None = None
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True)
class Page:
    items: Sequence[PaymentRow]
    next_cursor: str | None


def query_of(listing: Listing) -> SelectOfScalar[PaymentRow]:
    """One more than the limit. Raises BadCursor."""
    wanted: list[ColumnElement[bool]] = [
        col(PaymentRow.kind) == listing.kind,
        visible(listing.brands),
    ]
    for column, value in (
        (PaymentRow.player_id, listing.player_id),
        (PaymentRow.status, listing.status),
    ):
        if value is not None:
            wanted.append(col(column) == value)
    if listing.intent_id is not None:
        wanted.append(col(PaymentRow.id).in_(_named(listing.intent_id, "intent_id")))
    if listing.created_from is not None:
        wanted.append(col(PaymentRow.created_at) >= listing.created_from)
    if listing.created_to is not None:
        wanted.append(col(PaymentRow.created_at) < listing.created_to)
    if listing.cursor is not None:
        place = tuple_(col(PaymentRow.created_at), col(PaymentRow.id))
        wanted.append(place < place_of(listing.cursor))
    return (
        select(PaymentRow)
        .where(*wanted)
        .order_by(col(PaymentRow.created_at).desc(), col(PaymentRow.id).desc())
        .limit(listing.limit + 1)
    )


def _named(value: str, word: str) -> SelectOfScalar[str]:
    """The payments of which a word has this value."""
    return select(col(SearchTermRow.payment_id)).where(
        col(SearchTermRow.value) == value, col(SearchTermRow.word) == word
    )
