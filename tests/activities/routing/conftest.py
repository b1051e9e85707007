"""A database in which nobody has changed any routing yet: policies are for everybody."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from activities.migrations import upgrade
from infra.local.postgres import Database, LocalPostgres
from infra.postgres import open_pool
from infra.settings import Postgres
from tests.activities.routing.operators import Operators


@pytest.fixture(scope="module")
async def untouched(postgres_server: LocalPostgres) -> AsyncIterator[Database]:
    name = f"routing_{uuid.uuid4().hex[:12]}"
    made = await postgres_server.create_database(name, template="template0")
    urls = {"url": made.url, "migration_url": made.migration_url}
    await upgrade(Postgres.model_validate(urls))
    yield made
    await postgres_server.drop_database(name)


@pytest.fixture(scope="module")
async def books(untouched: Database) -> AsyncIterator[asyncpg.Pool]:
    """As the application."""
    at = Postgres.model_validate({"url": untouched.url, "pool_size": 16})
    async with await open_pool(at) as pool:
        yield pool


@pytest.fixture(scope="module")
async def owner_of_books(untouched: Database) -> AsyncIterator[asyncpg.Pool]:
    at = Postgres.model_validate({"url": untouched.migration_url, "pool_size": 2})
    async with await open_pool(at) as pool:
        yield pool


@pytest.fixture
def operators(books: asyncpg.Pool) -> Operators:
    return Operators(books)
