"""One history of the schema, run under a lock; the tables and functions in the code are the ones
there are."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from structlog.testing import capture_logs

import activities
from activities.migrations import functions, history, upgrade
from activities.migrations.grants import TABLES, VIEWS
from activities.migrations.tables import METADATA
from activities.migrations.waiting import wait_until_current
from infra.local.stack.cluster import AUDITOR, OWNER
from infra.local.stack.postgres import LocalPostgres
from infra.postgres import engine
from infra.settings import Postgres
from tests.activities.catalog import Catalog, catalog

CHANGED = """
CREATE OR REPLACE FUNCTION wallet_receivable(the_brand text, the_player text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT 'another' $$
"""
WRITTEN = "ROW EXCLUSIVE"
CALLED = "SELECT wallet_receivable('acme', 'ann')"


@asynccontextmanager
async def a_database(server: LocalPostgres) -> AsyncIterator[Postgres]:
    """Without anything in it."""
    name = f"empty_{uuid.uuid4().hex[:12]}"
    made = await server.create_database(name, template="template0")
    urls = {"url": made.url, "migration_url": made.migration_url, "auditor_role": AUDITOR}
    yield Postgres.model_validate(urls)
    await server.drop_database(name)


@pytest.fixture
async def empty(postgres_server: LocalPostgres) -> AsyncIterator[Postgres]:
    async with a_database(postgres_server) as made:
        yield made


@asynccontextmanager
async def as_owner(at: Postgres) -> AsyncIterator[asyncpg.Connection]:
    owner = await asyncpg.connect((at.migration_url or at.url).get_secret_value())
    yield owner
    await owner.close()


async def catalog_of(at: Postgres) -> Catalog:
    async with as_owner(at) as owner:
        return await catalog(owner)


def make_what_can_be(connection: Connection) -> None:
    """The functions of those files whose tables and types are there already."""
    for file in functions.files():
        with suppress(asyncpg.SyntaxOrAccessError), connection.begin_nested():
            history.run_sql(connection, file.read_text())


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return [d for d in compare_metadata(context, METADATA) if "alembic_version" not in str(d)]


async def columns(at: Postgres) -> set[tuple[str, bool]]:
    """Of the tables there are: `table.column`, and whether it may be null."""
    async with as_owner(at) as connection:
        rows = await connection.fetch(
            "SELECT table_name || '.' || column_name AS name, is_nullable = 'YES' AS nullable "
            "FROM information_schema.columns JOIN information_schema.tables t "
            "USING (table_schema, table_name) WHERE t.table_type = 'BASE TABLE' "
            "AND table_schema = 'public' AND table_name <> 'alembic_version'"
        )
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
    assert set(TABLES) == {*METADATA.tables, "alembic_version"}


async def test_many_that_start_at_once_migrate_once(empty: Postgres) -> None:
    await asyncio.gather(*(wait_until_current(empty) for _ in range(6)))
    assert ("transfers.key", False) in await columns(empty)


async def test_who_may_not_migrate_waits_for_who_may(empty: Postgres) -> None:
    application = empty.model_copy(update={"migration_url": None})
    waiting = asyncio.create_task(wait_until_current(application))
    done, _ = await asyncio.wait({waiting}, timeout=0.3)
    assert not done
    await upgrade(empty)
    await asyncio.wait_for(waiting, timeout=60)


async def test_a_schema_that_is_newer_than_the_code_will_do(empty: Postgres) -> None:
    await upgrade(empty)
    async with as_owner(empty) as owner:
        await owner.execute("UPDATE alembic_version SET version_num = '9999'")
    await asyncio.wait_for(wait_until_current(empty), timeout=60)
    with pytest.raises(history.SchemaIsNewer, match="9999"):
        await upgrade(empty)


async def test_functions_that_are_older_than_the_code_are_waited_for(empty: Postgres) -> None:
    await upgrade(empty)
    async with as_owner(empty) as owner:
        await owner.execute("UPDATE functions_applied SET digest = 'of yesterday'")
        await owner.execute(CHANGED)
        application = empty.model_copy(update={"migration_url": None})
        waiting = asyncio.create_task(wait_until_current(application))
        done, _ = await asyncio.wait({waiting}, timeout=0.3)
        assert not done
        await wait_until_current(empty)
        await asyncio.wait_for(waiting, timeout=60)
        assert await owner.fetchval(CALLED) == "receivable:acme:ann"


async def test_functions_that_are_newer_than_the_code_will_do_and_stay(empty: Postgres) -> None:
    await upgrade(empty)
    async with as_owner(empty) as owner:
        await owner.execute("INSERT INTO functions_applied (digest) VALUES ('of tomorrow')")
        await owner.execute(CHANGED)
        await asyncio.wait_for(wait_until_current(empty), timeout=60)
        assert await owner.fetchval(CALLED) == "another"


async def test_the_owner_may_go_back_to_functions_that_were_there_before(empty: Postgres) -> None:
    await upgrade(empty)
    async with as_owner(empty) as owner:
        await owner.execute("INSERT INTO functions_applied (digest) VALUES ('of a mistake')")
        await owner.execute(CHANGED)
        await upgrade(empty)
        assert await owner.fetchval(CALLED) == "receivable:acme:ann"
        applied = await owner.fetch("SELECT digest FROM functions_applied ORDER BY id")
    assert [row[0] for row in applied] == [functions.digest(), "of a mistake", functions.digest()]


async def test_one_role_may_be_both_owner_and_application(empty: Postgres) -> None:
    one = empty.model_copy(
        update={
            "url": empty.migration_url,
            "migration_url": None,
            "api_role": OWNER,
            "worker_role": OWNER,
        }
    )
    await wait_until_current(one)
    assert ("entries.amount_minor", False) in await columns(one)


def test_revisions_are_numbered_without_gaps() -> None:
    assert list(history.known()) == [f"{n:04}" for n in range(1, len(history.known()) + 1)]


async def test_a_database_that_grew_is_as_one_that_is_made_today(
    empty: Postgres, postgres_server: LocalPostgres
) -> None:
    growing = engine(empty.model_copy(update={"url": empty.migration_url}))
    async with growing.connect() as connection:
        await connection.execution_options(isolation_level="READ COMMITTED")
        for revision in history.known():
            await connection.run_sync(history.migrate, revision)
            await connection.run_sync(make_what_can_be)
            await connection.commit()
    await growing.dispose()
    await upgrade(empty)
    async with a_database(postgres_server) as made_today:
        await upgrade(made_today)
        assert await catalog_of(empty) == await catalog_of(made_today)


async def test_what_is_up_to_date_is_not_changed_by_another_run(empty: Postgres) -> None:
    await upgrade(empty)
    before = await catalog_of(empty)
    assert len(before["functions"]) > 80
    with capture_logs() as logs:
        await upgrade(empty)
    assert await catalog_of(empty) == before
    assert logs == []
    async with as_owner(empty) as owner:
        assert await owner.fetchval("SELECT count(*) FROM functions_applied") == 1


async def test_another_run_waits_for_nobody_who_reads_or_writes(empty: Postgres) -> None:
    await upgrade(empty)
    async with as_owner(empty) as busy, busy.transaction():
        # As a statement that writes there holds it until its transaction ends.
        await busy.execute(f"LOCK TABLE {', '.join(TABLES)}, {', '.join(VIEWS)} IN {WRITTEN} MODE")
        await asyncio.wait_for(upgrade(empty), timeout=60)


async def test_every_function_there_is_is_written_in_one_place(empty: Postgres) -> None:
    await upgrade(empty)
    written = [
        name
        for file in functions.files()
        for name in re.findall(r"^CREATE OR REPLACE FUNCTION (\w+)", file.read_text(), re.MULTILINE)
    ]
    async with as_owner(empty) as owner:
        found = await owner.fetch(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        )
    assert sorted(written) == sorted(row[0] for row in found)


def test_no_file_of_functions_is_passed_over() -> None:
    room = Path(activities.__file__).parent
    assert sorted(functions.files()) == sorted(
        file
        for file in room.rglob("*.sql")
        if "FUNCTION" in file.read_text() and file.parent != history.VERSIONS
    )


async def test_a_function_that_the_code_has_no_more_is_told_of(empty: Postgres) -> None:
    await upgrade(empty)
    async with as_owner(empty) as owner:
        await owner.execute(CHANGED.replace("the_player text", "the_player bigint"))
    with capture_logs() as logs:
        await upgrade(empty)
    assert [(entry["event"], entry["functions"]) for entry in logs] == [
        ("functions_left_over", ["wallet_receivable(text,bigint)"])
    ]


async def test_tables_functions_and_grants_come_together_or_not_at_all(
    empty: Postgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "functions.sql"
    broken.write_text("CREATE FUNCTION of_nothing(thing of_no_type) RETURNS text LANGUAGE sql;")
    with monkeypatch.context() as patched:
        patched.setattr(functions, "files", lambda: (broken,))
        with pytest.raises(asyncpg.UndefinedObjectError):
            await upgrade(empty)
    assert await columns(empty) == set()
    await wait_until_current(empty)
