"""What is written in the ledger stays as it was written, whoever asks."""

from __future__ import annotations

import asyncpg
import pytest

from activities.wallet.ledger import Ledger
from tests.activities.wallet.commands import a_player, credit

TABLES = ("entries", "transfers", "wallet_refusals", "payment_events")
CHANGES = ("UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}")


@pytest.fixture(autouse=True)
async def something_written(pool: asyncpg.Pool) -> None:
    await Ledger(pool).credit(credit(a_player(), 1))


def changes(table: str) -> list[str]:
    column = {"accounts": "version", "payment_events": "payment_id"}.get(table, "recorded_at")
    return [change.format(table, column, column) for change in CHANGES]


@pytest.mark.parametrize("table", TABLES)
async def test_even_the_owner_cannot_change_it(owner: asyncpg.Pool, table: str) -> None:
    for change in changes(table):
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await owner.execute(change)


@pytest.mark.parametrize("table", [*TABLES, "accounts"])
async def test_the_application_may_not_even_try(pool: asyncpg.Pool, table: str) -> None:
    insert = f"INSERT INTO {table} DEFAULT VALUES"
    for change in [*changes(table), insert]:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(change)


async def test_the_application_may_not_set_a_balance(pool: asyncpg.Pool) -> None:
    for function in ("wallet_move('player:a:b:available', 'EUR', 5)", "wallet_house('x', 'EUR')"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(f"SELECT {function}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("UPDATE accounts SET balance = 1000000")


async def test_a_balance_below_zero_is_refused_by_the_table(owner: asyncpg.Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="never_below_zero"):
        await owner.execute("UPDATE accounts SET balance = -1 WHERE purpose = 'available'")


async def test_entries_that_do_not_sum_to_zero_are_refused_by_the_table(
    owner: asyncpg.Pool,
) -> None:
    for rows in ("(0, 1, 5)", "(0, 1, 5), (0, 2, -4)", "(0, 1, 5), (1, 2, -5)"):
        with pytest.raises(asyncpg.CheckViolationError, match="sum to zero"):
            await owner.execute(
                f"INSERT INTO entries (transfer_id, account_id, amount_minor) VALUES {rows}"
            )


async def test_a_hold_with_two_resolutions_is_refused_by_the_table(owner: asyncpg.Pool) -> None:
    insert = (
        "INSERT INTO transfers (key, request_hash, kind, payment_id, brand, player_id, currency, "
        "amount_minor, resolves) VALUES ($1, '', 'release', '', '', '', 'EUR', 1, -7)"
    )
    async with owner.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(insert, "first")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(insert, "second")
        await transaction.rollback()
