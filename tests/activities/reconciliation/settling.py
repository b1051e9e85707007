"""Settling as a file's day does it: what it confirms leaves both books in one transaction."""

from __future__ import annotations

import asyncpg

from activities.wallet.house import as_posting
from workflows.domain.ledger import HousePosting

_CONFIRM = """
WITH gone AS (DELETE FROM expectations WHERE id = ANY ($1) RETURNING *)
INSERT INTO settled (expectation_id, key, movement, number, payment_id, brand, psp, account, method,
    currency, amount_minor, psp_ref, done_at, due_at, transfer_id, file_id, place, settled_at)
SELECT id, key, movement, number, payment_id, brand, psp, account, method, currency, amount_minor,
    psp_ref, done_at, due_at, transfer_id, $2, row_number() OVER (ORDER BY id), now()
FROM gone
"""
_OPEN_AGAIN = """
WITH gone AS (DELETE FROM settled WHERE file_id = $1 RETURNING *)
INSERT INTO expectations (id, key, movement, number, payment_id, brand, psp, account, method,
    currency, amount_minor, psp_ref, done_at, due_at, transfer_id)
OVERRIDING SYSTEM VALUE
SELECT expectation_id, key, movement, number, payment_id, brand, psp, account, method, currency,
    amount_minor, psp_ref, done_at, due_at, transfer_id
FROM gone
"""
_POST = "SELECT * FROM wallet_post_house($1)"


async def settle(
    owner: asyncpg.Pool, file_id: int, confirmed: list[int], postings: list[HousePosting]
) -> None:
    async with owner.acquire() as connection, connection.transaction():
        await connection.execute(_CONFIRM, confirmed, file_id)
        await connection.fetch(_POST, [as_posting(each) for each in postings])


async def open_again(owner: asyncpg.Pool, file_id: int, postings: list[HousePosting]) -> None:
    """By a newer version of the file: the postings take back what its first one had booked."""
    async with owner.acquire() as connection, connection.transaction():
        await connection.execute(_OPEN_AGAIN, file_id)
        await connection.fetch(_POST, [as_posting(each) for each in postings])
