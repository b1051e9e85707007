"""Money at risk: what is neither here nor there, by where it is and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_READ = text(
    "SELECT what, psp, account, brand, currency, age, items, amount_minor FROM money_at_risk "
    "ORDER BY what, psp, account, brand, currency, age"
)

AGES = ("under_1_day", "under_3_days", "under_7_days", "under_30_days", "older")


@dataclass(frozen=True, kw_only=True)
class AtRisk:
    """A sum of one kind, merchant account, brand, currency and age."""

    what: str
    """authorised_not_captured, captured_not_credited, debited_not_paid, paid_not_settled, carried
    (settled and left with the PSP), in_transit, reserve, suspense or receivable."""
    psp: str | None
    """None where no PSP is asked yet."""
    account: str | None
    brand: str | None
    """None: of the house. A batch is of all brands of its account."""
    currency: str
    age: str
    """One of AGES."""
    items: int
    amount_minor: int
    """Minor units, signed: above zero owed to us, but for `debited_not_paid`, which we owe."""


class RiskReads:
    """Sees what the caller's session may see: money of the house is for who sees all brands."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def at_risk(self) -> Sequence[AtRisk]:
        """At this moment. Raises sqlalchemy.exc.DBAPIError or OSError."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_READ)).mappings().all()
        return [AtRisk(**row) for row in rows]
