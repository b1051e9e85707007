"""A database of its own, in which nobody but reconciliation moves money."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from activities.audit.checking import Told, run
from activities.audit.checks import checks
from infra.local.stack.postgres import Database, LocalPostgres
from infra.postgres import open_pool
from infra.settings import Postgres
from tests.databases import a_database

_TOLD = Told(patience=timedelta(minutes=5), waiting=timedelta(hours=25), psp="sandbox")


async def broken(connection: Any) -> dict[str, list[str]]:
    """What does not hold of the ledger, the house and what is expected; of sound books nothing."""
    found = [
        await run(check, connection, _TOLD)
        for file in ("ledger", "house", "expectations")
        for check in checks(file)
    ]
    return {each.name: each.violations for each in found if each.violations}


@dataclass
class OwnBooks:
    database: Database
    pool: asyncpg.Pool
    """As the application."""
    owner: asyncpg.Pool

    async def broken(self) -> dict[str, list[str]]:
        async with self.owner.acquire() as connection:
            return await broken(connection)

    async def expected(self, payment_id: str) -> list[tuple[str, str, int, int, str | None]]:
        """Key without the payment, movement, number, amount and the PSP's id, as they came; without
        what a player of a payout had won before."""
        rows = await self.pool.fetch(
            "SELECT substr(key, length(payment_id) + 2) AS key, movement, number, amount_minor, "
            "psp_ref FROM expectations WHERE payment_id = $1 AND key NOT LIKE '%:gift' ORDER BY id",
            payment_id,
        )
        return [tuple(row) for row in rows]


@pytest.fixture(scope="package")
async def own_books(postgres_server: LocalPostgres) -> AsyncIterator[OwnBooks]:
    async with a_database(postgres_server, "expected") as made:
        at = Postgres.model_validate({"url": made.url, "pool_size": 16})
        owning = Postgres.model_validate({"url": made.migration_url, "pool_size": 4})
        async with await open_pool(at) as pool, await open_pool(owning) as owner:
            yield OwnBooks(made, pool, owner)
