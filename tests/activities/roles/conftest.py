"""A database of its own with the books of two brands, and a connection for each role."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from infra.local.stack.cluster import AUDITOR
from infra.local.stack.postgres import Database, LocalPostgres
from tests.activities.roles.books import ACME, OTHER, keep_books
from tests.databases import a_database


@pytest.fixture(scope="package")
async def two_brands(postgres_server: LocalPostgres) -> AsyncIterator[Database]:
    """With payments of every flow, and a row of each brand in every table that tells of brands."""
    async with a_database(postgres_server, "brands", auditor_role=AUDITOR) as made:
        owner = await asyncpg.connect(made.migration_url)
        for brand in (ACME, OTHER):
            await keep_books(owner, brand)
        await owner.close()
        yield made


@pytest.fixture(scope="package")
async def admin(two_brands: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(two_brands.admin_url)
    yield connection
    await connection.close()
