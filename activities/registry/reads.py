"""Reading the registry: one payment, lists by cursor, the history of a payment."""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.registry.tables import PaymentEventRow, PaymentRow

ALL_BRANDS = "*"


class BadCursor(ValueError):
    """The cursor is not one that a list gave."""


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


class RegistryReads:
    """Every read names the brands that the caller may see (`*` for all): others do not exist."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def payment(self, payment_id: str, brands: Collection[str]) -> PaymentRow | None:
        return await self._one(col(PaymentRow.id) == payment_id, brands)

    async def by_capture(self, capture_id: str, brands: Collection[str]) -> PaymentRow | None:
        return await self._one(col(PaymentRow.capture_id) == capture_id, brands)

    async def by_refund_id(self, refund_id: str, brands: Collection[str]) -> PaymentRow | None:
        return await self._one(col(PaymentRow.refund_id) == refund_id, brands)

    async def list(self, listing: Listing) -> Page:
        """At most `limit` payments. Raises BadCursor."""
        wanted: list[ColumnElement[bool]] = [
            col(PaymentRow.kind) == listing.kind,
            _visible(listing.brands),
        ]
        for column, value in (
            (PaymentRow.player_id, listing.player_id),
            (PaymentRow.status, listing.status),
            (PaymentRow.intent_id, listing.intent_id),
        ):
            if value is not None:
                wanted.append(col(column) == value)
        if listing.created_from is not None:
            wanted.append(col(PaymentRow.created_at) >= listing.created_from)
        if listing.created_to is not None:
            wanted.append(col(PaymentRow.created_at) < listing.created_to)
        if listing.cursor is not None:
            place = tuple_(col(PaymentRow.created_at), col(PaymentRow.id))
            wanted.append(place < _place(listing.cursor))
        query = (
            select(PaymentRow)
            .where(*wanted)
            .order_by(col(PaymentRow.created_at).desc(), col(PaymentRow.id).desc())
            .limit(listing.limit + 1)
        )
        async with AsyncSession(self._engine) as session:
            rows = (await session.exec(query)).all()
        page = rows[: listing.limit]
        return Page(page, _cursor(page[-1]) if len(rows) > listing.limit else None)

    async def events(self, payment_id: str, after: int) -> Sequence[PaymentEventRow]:
        """The versions of a payment above `after`, oldest first."""
        query = (
            select(PaymentEventRow)
            .where(col(PaymentEventRow.payment_id) == payment_id)
            .where(col(PaymentEventRow.version) > after)
            .order_by(col(PaymentEventRow.version))
        )
        async with AsyncSession(self._engine) as session:
            return (await session.exec(query)).all()

    async def refunded_minor(self, intent_id: str) -> int:
        """Minor units of an intent's refunds that are processed or on their way."""
        query = select(func.coalesce(func.sum(col(PaymentRow.amount_minor)), 0)).where(
            col(PaymentRow.intent_id) == intent_id,
            col(PaymentRow.status).not_in(("REFUND_FAILED", "REFUND_REFUSED")),
        )
        async with AsyncSession(self._engine) as session:
            return int((await session.exec(query)).one())

    async def _one(
        self, condition: ColumnElement[bool], brands: Collection[str]
    ) -> PaymentRow | None:
        async with AsyncSession(self._engine) as session:
            found = await session.exec(select(PaymentRow).where(condition, _visible(brands)))
            return found.first()


def _visible(brands: Collection[str]) -> ColumnElement[bool]:
    if ALL_BRANDS in brands:
        return col(PaymentRow.id).is_not(None)
    return col(PaymentRow.brand).in_(list(brands))


def _cursor(last: PaymentRow) -> str:
    return base64.urlsafe_b64encode(f"{last.created_at.isoformat()} {last.id}".encode()).decode()


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        at, _, payment_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        return datetime.fromisoformat(at), payment_id
    except ValueError as wrong:
        raise BadCursor("cursor must be the next_cursor of a list") from wrong
