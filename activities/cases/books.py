"""Answers the Cases port."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import asyncpg

from activities.cases.desk import NOTE
from workflows.domain.cases import CaseFile, CaseNote, subject_of
from workflows.domain.money import Money, exponent
from workflows.domain.payments import Case, CaseKind
from workflows.ports import Cases

_OPEN = """
INSERT INTO cases
    (key, payment_id, brand, kind, summary, money_at_risk_minor, currency, facts)
SELECT $1, $2, coalesce((SELECT brand FROM payments WHERE id = $2), ''), $3, $4, $5, $6, $7
ON CONFLICT (key) DO NOTHING
"""
_LOOK = """
SELECT c.*, p.id IS NOT NULL AS known, p.amount_minor, p.currency AS payment_currency
FROM cases c LEFT JOIN payments p ON p.id = c.payment_id WHERE c.id = $1
"""


class CaseBooks(Cases):
    """Above `approval_above` (by currency, or `default`) a second person must agree."""

    def __init__(self, pool: asyncpg.Pool, approval_above: Mapping[str, Decimal]) -> None:
        self._pool = pool
        self._approval_above = approval_above

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

    async def look(self, case_id: str) -> CaseFile:
        """One round trip. Raises LookupError for a case that was never opened."""
        row = await self._pool.fetchrow(_LOOK, case_id)
        if row is None:
            raise LookupError(f"there is no case {case_id}")
        minor, facts = row["money_at_risk_minor"], row["facts"]
        risk = Money(minor, row["currency"]) if minor is not None else None
        subject = subject_of(facts)
        whole = Money(row["amount_minor"], row["payment_currency"]) if row["known"] else None
        # A PSP may tell of a cent where a command would move the whole payment.
        moved = [risk, whole, subject.amount if subject is not None else None]
        return CaseFile(
            case_id=case_id,
            payment_id=row["payment_id"],
            kind=CaseKind(row["kind"]),
            state=row["state"],
            money_at_risk=risk,
            facts=facts,
            payment_known=row["known"],
            needs_second_person=any(money is not None and self._is_much(money) for money in moved),
        )

    async def note(self, note: CaseNote) -> None:
        """One round trip; what is noted twice under a key is noted once."""
        await self._pool.execute(NOTE, note.case_id, note.key, note.what, note.by, note.facts)

    def _is_much(self, money: Money) -> bool:
        bound = self._approval_above.get(money.currency, self._approval_above.get("default"))
        return bound is not None and money.minor_units > bound.scaleb(exponent(money.currency))
