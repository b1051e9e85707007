"""Reading the registry: one payment, lists by cursor, the history of a payment."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, func, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.registry.cursors import cursor_after
from activities.registry.listing import Listing, Page, query_of
from activities.registry.tables import PaymentEventRow, PaymentRow
from activities.registry.visibility import visible
from workflows.domain.identity import Kind


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
        async with AsyncSession(self._engine) as session:
            rows = (await session.exec(query_of(listing))).all()
        page = rows[: listing.limit]
        return Page(page, cursor_after(page[-1]) if len(rows) > listing.limit else None)

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

    async def is_untouched(self, payment_id: str) -> bool:
        """Whether the payment is as it was opened, and nobody was asked for anything: only then may
        its run be started from what was ordered."""
        query = text(
            "SELECT version = 1 AND NOT EXISTS (SELECT FROM psp_instructions i "
            "WHERE i.payment_id = p.id) FROM payments p WHERE id = :id"
        )
        async with self._engine.connect() as connection:
            return bool((await connection.execute(query, {"id": payment_id})).scalar())

    async def refunded_minor(self, intent_id: str) -> int:
        """Minor units of an intent's refunds that are processed or on their way."""
        query = select(func.coalesce(func.sum(col(PaymentRow.amount_minor)), 0)).where(
            col(PaymentRow.intent_id) == intent_id,
            col(PaymentRow.kind) == Kind.REFUND,
            col(PaymentRow.status).not_in(("REFUND_FAILED", "REFUND_REFUSED", "REFUND_RETURNED")),
        )
        async with AsyncSession(self._engine) as session:
            return int((await session.exec(query)).one())

    async def _one(
        self, condition: ColumnElement[bool], brands: Collection[str]
    ) -> PaymentRow | None:
        async with AsyncSession(self._engine) as session:
            found = await session.exec(select(PaymentRow).where(condition, visible(brands)))
            return found.first()
