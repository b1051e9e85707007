"""Activities meet the real database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.local.stack.postgres import Database
from infra.postgres import engine, open_pool
from infra.settings import Postgres


@pytest.fixture(scope="session")
async def pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    """As the application: it may do what its grants allow."""
    at = Postgres.model_validate({"url": database.url, "pool_size": 32})
    async with await open_pool(at) as pool:
        yield pool


@pytest.fixture(scope="session")
async def owner(database: Database) -> AsyncIterator[asyncpg.Pool]:
    at = Postgres.model_validate({"url": database.migration_url, "pool_size": 2})
    async with await open_pool(at) as pool:
        yield pool


@pytest.fixture(scope="session")
async def reading(database: Database) -> AsyncIterator[AsyncEngine]:
    made = engine(Postgres.model_validate({"url": database.url}))
    yield made
    await made.dispose()
