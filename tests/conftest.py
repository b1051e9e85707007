"""Real servers for whoever asks for them: one Temporal and one Postgres for the whole session."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from temporalio.client import Client
from temporalio.worker._workflow import _WorkflowWorker

from infra.local.stack.ports import free_ports
from infra.local.stack.postgres import Database, LocalPostgres
from infra.local.stack.processes import run
from infra.local.stack.temporal import LocalTemporal
from infra.settings import Temporal
from infra.temporal import connect
from tests.sealing import SETTING, sealing
from tests.sharing import Sharing, turn_of

# How busy the machine is decides no test.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "quick", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=10
)
settings.load_profile("patient")

FOR_TESTS = {"PAYSAGA_SPECS_DIR", "PAYSAGA_CRASHES", "PAYSAGA_DOORS"}
"""Settings of the tests themselves, which a person may give."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=turn_of)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    return Sharing(config, log)


@pytest.fixture(scope="session", autouse=True)
def _nobodys_settings() -> Iterator[None]:
    """What the person at the keyboard has set for a stack of their own is not for the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("PAYSAGA_") and name not in FOR_TESTS:
                patch.delenv(name)
        patch.setenv("PAYSAGA_SEALS_KEYS", SETTING)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_task_is_called_deadlocked() -> Iterator[None]:
    """The SDK fails a task that has not given way in two seconds of the clock: on a busy machine
    that is any task, and the exception that ends it comes up wherever its thread happens to be."""
    begin = _WorkflowWorker.__init__

    def patiently(self: _WorkflowWorker, **chosen: Any) -> None:
        begin(self, **chosen)
        self._deadlock_timeout_seconds = 60

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_WorkflowWorker, "__init__", patiently)
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
    return sealing(await connect(Temporal(address=temporal_server.address)))


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
    variables = {
        "PAYSAGA_PROFILE": "sandbox",
        "PAYSAGA_POSTGRES_URL": made.api_url,
        **postgres_server.as_owner,
    }
    code, output = await run(
        [sys.executable, "-m", "activities.migrations"], environment={**os.environ, **variables}
    )
    assert code == 0, output
    return made
