"""The case about a payment that nobody works on, with the money at risk."""

from __future__ import annotations

import asyncpg

from workflows.domain.escalations import CaseKind

_CASE = """
INSERT INTO cases (key, payment_id, brand, kind, summary, money_at_risk_minor, currency, facts)
SELECT format('%s:run_lost:%s', p.id, (
        SELECT count(*) + 1 FROM cases c
        WHERE c.payment_id = p.id AND c.kind = 'run_lost' AND c.state = 'resolved')),
    p.id, p.brand, $2, $3, p.amount_minor, p.currency, jsonb_strip_nulls(jsonb_build_object(
        'run', $4::text, 'status', p.status, 'asked', (
            SELECT string_agg(i.key || ' ' || i.state, ', ' ORDER BY i.asked_at)
            FROM psp_instructions i WHERE i.payment_id = p.id)))
FROM payments p WHERE p.id = $1
ON CONFLICT DO NOTHING
"""


async def open_case(pool: asyncpg.Pool, row: asyncpg.Record, run: str) -> None:
    """`run`: how its last one ended. One that is open is enough."""
    summary = (
        f"{row['id']} is {row['status']} and nothing works on it: its run is {run}. "
        "`rebuild` has a new run take over from the books and what was asked of PSPs"
    )
    await pool.execute(_CASE, row["id"], CaseKind.RUN_LOST, summary, run)
