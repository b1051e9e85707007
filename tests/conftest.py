"""Real servers for whoever asks for them: one Temporal and one Postgres for the whole session."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from temporalio.client import Client

from infra.local.ports import free_ports
from infra.local.postgres import Database, LocalPostgres
from infra.local.processes import run
from infra.local.temporal import LocalTemporal
from infra.settings import Temporal
from infra.temporal import connect

FOR_TESTS = {"PAYSAGA_SPECS_DIR"}
"""Settings of the tests themselves, which a person may give."""


@pytest.fixture(scope="session", autouse=True)
def _nobodys_settings() -> Iterator[None]:
    """What the person at the keyboard has set for a stack of their own is not for the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("PAYSAGA_") and name not in FOR_TESTS:
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
async def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalTemporal]:
    """In memory, without a Web UI."""
    log = tmp_path_factory.mktemp("temporal") / "temporal.log"
    server = LocalTemporal(None, free_ports(1)[0], log=log)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@pytest.fixture(scope="session")
async def temporal_client(temporal_server: LocalTemporal) -> Client:
    return await connect(Temporal(address=temporal_server.address))


@pytest.fixture(scope="session")
async def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalPostgres]:
    folder: Path = tmp_path_factory.mktemp("postgres")
    # Counts what is asked of it, for the budgets.
    counting = {"shared_preload_libraries": "pg_stat_statements"}
    server = LocalPostgres(folder, free_ports(1)[0], durable=False, settings=counting)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@pytest.fixture(scope="session")
async def database(postgres_server: LocalPostgres) -> Database:
    """Migrated as in production: by the owner, in a process of its own."""
    made = postgres_server.database()
    told = {
        "PAYSAGA_PROFILE": "sandbox",
        "PAYSAGA_POSTGRES_URL": made.url,
        "PAYSAGA_POSTGRES_MIGRATION_URL": made.migration_url,
    }
    code, said = await run(
        [sys.executable, "-m", "activities.migrations"], environment={**os.environ, **told}
    )
    assert code == 0, said
    return made
