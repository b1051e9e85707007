"""A database of the matching's own, and an account for each test."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from infra.local.stack.postgres import LocalPostgres
from infra.postgres import open_pool
from infra.settings import Postgres
from tests.activities.reconciliation.matching.books import Books
from tests.databases import a_database


@pytest.fixture(scope="package")
async def pools(
    postgres_server: LocalPostgres,
) -> AsyncIterator[tuple[asyncpg.Pool, asyncpg.Pool]]:
    """The worker's and the owner's."""
    async with a_database(postgres_server, "matching") as made:
        worker = Postgres.model_validate({"url": made.worker_url, "pool_size": 4})
        owner = Postgres.model_validate({"url": made.migration_url, "pool_size": 2})
        async with await open_pool(worker) as pool, await open_pool(owner) as owners:
            yield pool, owners


@pytest.fixture
def books(pools: tuple[asyncpg.Pool, asyncpg.Pool]) -> Books:
    return Books(pool=pools[0], owner=pools[1], account=f"account-{uuid.uuid4().hex}")
