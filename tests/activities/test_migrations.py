"""One history of the schema, run under a lock; the tables in the code are the tables there are."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from activities.migrations import upgrade, wait_until_current
from activities.migrations.grants import GRANTS
from activities.migrations.tables import METADATA
from infra.local.postgres import LocalPostgres
from infra.postgres import engine
from infra.settings import Postgres


@pytest.fixture
async def empty(postgres_server: LocalPostgres) -> AsyncIterator[Postgres]:
    name = f"empty_{uuid.uuid4().hex[:12]}"
    made = await postgres_server.create_database(name, template="template0")
    urls = {"url": made.url, "migration_url": made.migration_url}
    yield Postgres.model_validate(urls)
    await postgres_server.drop_database(name)


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return [d for d in compare_metadata(context, METADATA) if "alembic_version" not in str(d)]


async def columns(at: Postgres) -> set[tuple[str, bool]]:
    """Of the tables there are: `table.column`, and whether it may be null."""
    connection = await asyncpg.connect(at.url.get_secret_value())
    rows = await connection.fetch(
        "SELECT table_name || '.' || column_name AS name, is_nullable = 'YES' AS nullable "
        "FROM information_schema.columns JOIN information_schema.tables t "
        "USING (table_schema, table_name) WHERE t.table_type = 'BASE TABLE' "
        "AND table_schema = 'public' AND table_name <> 'alembic_version'"
    )
    await connection.close()
    return {(row["name"], row["nullable"]) for row in rows}


async def test_the_tables_in_the_code_are_the_tables_in_the_database(empty: Postgres) -> None:
    await upgrade(empty)
    made = engine(empty)
    async with made.connect() as connection:
        found = await connection.run_sync(differences)
    await made.dispose()
    assert found == []
    assert await columns(empty) == {
        (f"{table.name}.{column.name}", bool(column.nullable))
        for table in METADATA.tables.values()
        for column in table.columns
    }


async def test_every_table_has_its_grant(empty: Postgres) -> None:
    assert set(GRANTS) == {*METADATA.tables, "alembic_version"}


async def test_many_that_start_at_once_migrate_once(empty: Postgres) -> None:
    await asyncio.gather(*(wait_until_current(empty) for _ in range(6)))
    assert ("transfers.key", False) in await columns(empty)


async def test_who_may_not_migrate_waits_for_who_may(empty: Postgres) -> None:
    application = empty.model_copy(update={"migration_url": None})
    waiting = asyncio.create_task(wait_until_current(application))
    done, _ = await asyncio.wait({waiting}, timeout=0.3)
    assert not done
    await upgrade(empty)
    await asyncio.wait_for(waiting, timeout=10)


async def test_a_schema_that_is_newer_than_the_code_will_do(empty: Postgres) -> None:
    await upgrade(empty)
    owner = await asyncpg.connect(
        str(empty.migration_url and empty.migration_url.get_secret_value())
    )
    await owner.execute("UPDATE alembic_version SET version_num = '9999'")
    await owner.close()
    await asyncio.wait_for(wait_until_current(empty), timeout=10)


async def test_one_role_may_be_both_owner_and_application(empty: Postgres) -> None:
    one = empty.model_copy(update={"url": empty.migration_url, "migration_url": None})
    await wait_until_current(one)
    assert ("entries.amount_minor", False) in await columns(one)
