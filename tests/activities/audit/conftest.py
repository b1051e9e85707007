"""Each test has sound books of its own, in which it may plant what is wrong."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from activities.audit.audit import books
from activities.audit.checking import Told
from activities.audit.report import Finding
from activities.migrations import upgrade
from infra.local.stack.cluster import AUDITOR
from infra.local.stack.postgres import LocalPostgres
from infra.postgres import open_pool
from infra.settings import Postgres
from tests.activities.audit.of_others import journal_of_others, keep_books_of_others
from tests.activities.audit.sound import (
    Bookkeeper,
    journal_of_sound_books,
    keep_sound_books,
    numbered,
)


@dataclass
class Books:
    pool: asyncpg.Pool
    """As the auditor, who may read everything and change nothing."""
    forger: asyncpg.Connection
    """A superuser whom no trigger sees."""
    journal: list[dict[str, Any]] = field(
        default_factory=lambda: [*journal_of_sound_books(), *journal_of_others()]
    )

    async def forge(self, *statements: str) -> None:
        await self.forger.execute("SET session_replication_role = replica")
        for statement in statements:
            await self.forger.execute(statement)

    async def audited(
        self, patience: timedelta = timedelta(minutes=5), *, has_book: bool = True
    ) -> list[Finding]:
        inputs = Told(
            patience=patience,
            waiting=timedelta(hours=25),
            psp="sandbox",
            journal=numbered(self.journal),
        )
        async with self.pool.acquire() as connection:
            return await books(connection, inputs, has_book=has_book)

    async def broken(self, patience: timedelta = timedelta(minutes=5)) -> dict[str, list[str]]:
        """By invariant and name, the violations."""
        found = await self.audited(patience)
        return {f"{each.invariant} {each.name}": each.violations for each in found if each.count}


@pytest.fixture(scope="package")
async def sound_template(postgres_server: LocalPostgres) -> AsyncIterator[str]:
    name = f"sound_{uuid.uuid4().hex[:12]}"
    made = await postgres_server.create_database(name, template="template0")
    at = Postgres.model_validate({"url": made.migration_url, "auditor_role": AUDITOR})
    await upgrade(at)
    async with await open_pool(at) as pool:
        await keep_sound_books(pool)
        await keep_books_of_others(Bookkeeper(pool))
    yield name
    await postgres_server.drop_database(name)


@pytest.fixture
async def kept(postgres_server: LocalPostgres, sound_template: str) -> AsyncIterator[Books]:
    name = f"books_{uuid.uuid4().hex[:12]}"
    made = await postgres_server.create_database(name, template=sound_template)
    at = Postgres.model_validate({"url": made.auditor_url, "pool_size": 3})
    forger = await asyncpg.connect(made.admin_url)
    try:
        async with await open_pool(at) as pool:
            yield Books(pool, forger)
    finally:
        await forger.close()
        await postgres_server.drop_database(name)
