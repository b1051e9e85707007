"""Databases of a test's own on the session's server: migrated, and gone afterwards."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from activities.migrations import upgrade
from infra.local.stack.postgres import Database, LocalPostgres
from infra.settings import Postgres


@asynccontextmanager
async def a_database(server: LocalPostgres, of: str, **settings: Any) -> AsyncIterator[Database]:
    """`of`: whose it is, in a word. `settings`: of the Postgres section, for migrations."""
    name = f"{of}_{uuid.uuid4().hex[:12]}"
    made = await server.create_database(name, template="template0")
    try:
        urls = {"url": made.url, "migration_url": made.migration_url}
        await upgrade(Postgres.model_validate(urls | settings))
        yield made
    finally:
        await server.drop_database(name)
