"""Answers the Cases port."""

from __future__ import annotations

import asyncpg

from workflows.domain.payments import Case
from workflows.ports import Cases

_OPEN = """
INSERT INTO cases
    (key, payment_id, brand, kind, summary, money_at_risk_minor, currency, facts)
SELECT $1, $2, coalesce((SELECT brand FROM payments WHERE id = $2), ''), $3, $4, $5, $6, $7
ON CONFLICT (key) DO NOTHING
"""


class CaseBooks(Cases):
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def open(self, case: Case) -> None:
        """One round trip; opening a case twice is opening it once."""
        risk = case.money_at_risk
        await self._pool.execute(
            _OPEN,
            case.key,
            case.payment_id,
            case.kind,
            case.summary,
            risk.minor_units if risk else None,
            risk.currency if risk else None,
            case.facts,
        )
