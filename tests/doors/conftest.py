"""The API as strangers find it: a real server, real Postgres, real Temporal, workers behind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable

import pytest
from fastapi import FastAPI

from api.http.server import server
from infra.local.stack.ports import free_ports
from infra.local.stack.postgres import Database, LocalPostgres
from infra.settings import Api
from tests.api.conftest import app, http, issue, owner, pool, psp, running, settings
from tests.databases import a_database

Count = Callable[[str, int], None]
LONG = os.environ.get("PAYSAGA_DOORS") == "all"
"""`make doors`: thousands of each, where the suite takes hundreds."""

__all__ = ["app", "http", "issue", "owner", "pool", "psp", "running", "settings"]


@pytest.fixture(scope="session")
async def database(postgres_server: LocalPostgres) -> AsyncIterator[Database]:
    """Of their own: who asks for all brands must not see what other tests have made up."""
    async with a_database(postgres_server, "doors") as made:
        yield made


@pytest.fixture(scope="session")
async def port(app: FastAPI) -> AsyncIterator[int]:
    """Where the API is served over TCP."""
    (port,) = free_ports(1)
    serving = server(app, Api(port=port))
    serving.config.lifespan = "off"
    task = asyncio.create_task(serving.serve())
    while not serving.started:  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.01)
    yield port
    serving.should_exit = True
    await task


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Count:
    """Tells how many there were of what was tried, when all is over."""

    def counted(what: str, how_many: int) -> None:
        record_property("counted", f"{how_many:,} {what}")

    return counted


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [r for r in terminalreporter.stats.get("passed", []) if r.when == "call"]
    lines = [text for each in reports for name, text in each.user_properties if name == "counted"]
    if lines:
        terminalreporter.section("no open door among")
        for line in lines:
            terminalreporter.write_line(str(line))
