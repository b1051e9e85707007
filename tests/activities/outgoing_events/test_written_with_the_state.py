"""A version and its event are one: both are there, or neither."""

from __future__ import annotations

import asyncpg
import pytest

from activities.registry.books import RegistryBooks
from tests.activities.outgoing_events.platform import a_brand, became, events_of, opened, version

RECORD = "SELECT registry_record($1, 2, 'PENDING', false, '{}', NULL, now(), '', false)"


async def test_every_version_of_a_payment_is_an_event_numbered_without_gaps(
    pool: asyncpg.Pool,
) -> None:
    brand = a_brand()
    payment = await opened(pool, brand)
    await became(pool, payment, "REQUIRES_ACTION", "AUTHORIZED", "CAPTURED")
    rows = await events_of(pool, payment)
    assert [(row["sequence"], row["type"]) for row in rows] == [
        (1, "deposit.initiated"),
        (2, "deposit.requires_action"),
        (3, "deposit.authorized"),
        (4, "deposit.captured"),
    ]
    assert {(row["brand"], row["state"]) for row in rows} == {(brand, "waiting")}


@pytest.mark.parametrize(
    ("kind", "status", "event_type"),
    [
        ("payout", "PAYOUT_SUBMITTED", "payout.submitted"),
        ("payout", "PAYOUT_AWAITING_APPROVAL", "payout.awaiting_approval"),
        ("refund", "REFUND_SUBMITTED", "refund.submitted"),
    ],
)
async def test_a_type_names_the_noun_once(
    pool: asyncpg.Pool, kind: str, status: str, event_type: str
) -> None:
    payment = await opened(pool, a_brand(), kind=kind, status=status)
    assert [row["type"] for row in await events_of(pool, payment)] == [event_type]


async def test_a_version_that_is_repeated_is_told_once(pool: asyncpg.Pool) -> None:
    payment = await opened(pool, a_brand())
    for _ in range(3):
        await RegistryBooks(pool).record(version(payment, 2))
    assert [row["sequence"] for row in await events_of(pool, payment)] == [1, 2]


async def test_a_transaction_that_fails_leaves_neither_version_nor_event(
    pool: asyncpg.Pool,
) -> None:
    class Fails(Exception):
        pass

    payment = await opened(pool, a_brand())
    with pytest.raises(Fails):
        async with pool.acquire() as connection, connection.transaction():
            assert await connection.fetchval(RECORD, payment)
            raise Fails
    assert len(await events_of(pool, payment)) == 1
    assert await pool.fetchval("SELECT version FROM payments WHERE id = $1", payment) == 1


async def test_a_version_whose_event_cannot_be_written_is_not_written(
    pool: asyncpg.Pool, owner: asyncpg.Pool
) -> None:
    payment = await opened(pool, a_brand())
    async with owner.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await connection.execute(
            f"ALTER TABLE outgoing_events ADD CHECK (payment_id <> '{payment}') NOT VALID"
        )
        with pytest.raises(asyncpg.CheckViolationError):
            async with connection.transaction():
                await connection.fetchval(RECORD, payment)
        found = await connection.fetchval("SELECT version FROM payments WHERE id = $1", payment)
        await undone.rollback()
    assert found == 1


@pytest.mark.parametrize(
    "forbidden",
    [
        "INSERT INTO outgoing_events SELECT * FROM outgoing_events",
        "UPDATE outgoing_events SET sequence = 7",
        "UPDATE outgoing_events SET type = 'deposit.captured'",
        "UPDATE outgoing_events SET brand = 'another'",
        "DELETE FROM outgoing_events",
    ],
)
async def test_the_application_can_neither_invent_an_event_nor_change_what_it_says(
    pool: asyncpg.Pool, forbidden: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(forbidden)
