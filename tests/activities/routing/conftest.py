"""A database in which nobody has changed any routing yet: policies are for everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from infra.local.stack.postgres import Database, LocalPostgres
from infra.postgres import open_pool
from infra.settings import Postgres
from tests.activities.routing.operators import Operators
from tests.databases import a_database


@pytest.fixture(scope="module")
async def untouched(postgres_server: LocalPostgres) -> AsyncIterator[Database]:
    async with a_database(postgres_server, "routing") as made:
        yield made


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
