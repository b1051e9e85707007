"""Answers the Cases port."""

from __future__ import annotations

import asyncpg
from temporalio.exceptions import ApplicationError

from workflows.domain.cases import CaseFile, CaseNote, subject_of
from workflows.domain.escalations import CaseKind, NewCase
from workflows.domain.money import Money
from workflows.domain.thresholds import Bounds, is_above
from workflows.ports import Cases

_OPEN = """
INSERT INTO cases
    (key, payment_id, brand, kind, summary, money_at_risk_minor, currency, facts)
SELECT $1, $2, coalesce((SELECT brand FROM payments WHERE id = $2), ''), $3, $4, $5, $6, $7
ON CONFLICT DO NOTHING
"""
_NOTE = "SELECT case_note($1, $2, $3, $4, $5)"
_LOOK = """
SELECT c.*, p.id IS NOT NULL AS known, p.amount_minor, p.currency AS payment_currency, (
    SELECT array_agg(split_part(e.key, ':', 1)) FROM case_events e WHERE e.case_id = c.id
        AND e.what IN ('declined', 'lapsed', 'not_done', 'resolved')) AS over
FROM cases c LEFT JOIN payments p ON p.id = c.payment_id WHERE c.id = $1
"""


class CaseBooks(Cases):
    """Above `approval_above` (by currency, or `default`) a second person must agree."""

    def __init__(self, pool: asyncpg.Pool, approval_above: Bounds) -> None:
        self._pool = pool
        self._approval_above = approval_above

    async def open(self, case: NewCase) -> None:
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
        """One round trip. Raises ApplicationError for a case that was never opened."""
        row = await self._pool.fetchrow(_LOOK, case_id)
        if row is None:
            raise ApplicationError(
                f"nobody opened {case_id}", type="UnknownCase", non_retryable=True
            )
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
            needs_second_person=any(
                money is not None and is_above(money, self._approval_above) for money in moved
            ),
            over=tuple(row["over"] or ()),
        )

    async def note(self, note: CaseNote) -> None:
        """One round trip; what is noted twice under a key is noted once."""
        await self._pool.execute(_NOTE, note.case_id, note.key, note.what, note.by, note.facts)
