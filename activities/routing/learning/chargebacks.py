"""What banks took back: rewards that come late, and count against whoever was asked first."""

from __future__ import annotations

from collections.abc import Collection

import asyncpg

_REPORT = """
INSERT INTO routing_chargebacks (payment_id, reported_by)
SELECT id, $2 FROM payments WHERE id = $1 AND kind = 'deposit'
ON CONFLICT (payment_id) DO NOTHING
"""
_IS_THERE = """
SELECT EXISTS (
    SELECT FROM payments
    WHERE id = $1 AND kind = 'deposit' AND ($2::text[] @> '{*}' OR brand = ANY ($2))
)
"""


async def report_chargeback(
    pool: asyncpg.Pool, payment_id: str, *, reported_by: str, brands: Collection[str]
) -> bool:
    """False if it was reported before. Raises LookupError for no deposit of these brands."""
    if not await pool.fetchval(_IS_THERE, payment_id, list(brands)):
        raise LookupError(f"there is no deposit {payment_id}")
    done: str = await pool.execute(_REPORT, payment_id, reported_by)
    return done == "INSERT 0 1"
