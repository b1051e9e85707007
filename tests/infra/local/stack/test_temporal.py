"""The Temporal server of the local runtime: accepted payments outlive it."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.worker import Worker

from infra.local.stack.ports import PortTaken, free_ports
from infra.local.stack.temporal import LocalTemporal
from infra.settings import Temporal
from infra.temporal import connect
from tests.infra.waiting import eventually
from workflows.visibility import SEARCH_ATTRIBUTES


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[LocalTemporal]:
    """In memory, without a Web UI."""
    made = LocalTemporal(None, free_ports(1)[0], log=tmp_path / "log")
    await made.start()
    yield made
    await made.stop()


async def client_of(server: LocalTemporal) -> Client:
    return await connect(Temporal(address=server.address))


def shown(key: SearchAttributeKey[str] | SearchAttributeKey[int]) -> SearchAttributePair[Any]:
    return SearchAttributePair(key, 5000 if key.origin_value_type is int else "anything")


async def test_a_run_that_was_accepted_outlives_a_kill_of_the_server(tmp_path: Path) -> None:
    sentences: list[str] = []
    server = LocalTemporal(
        tmp_path, free_ports(1)[0], log=tmp_path / "log", restarts=True, say=sentences.append
    )
    await server.start()
    client = await client_of(server)
    await client.start_workflow("Deposit", id="deposit-in_1", task_queue="nobody-listens")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await eventually(lambda: "temporal runs again" in sentences)
    described = await (await client_of(server)).get_workflow_handle("deposit-in_1").describe()
    assert described.status is not None
    assert described.status.name == "RUNNING"
    await server.stop()


async def test_runs_are_kept_for_ninety_days_and_carry_our_search_attributes(
    server: LocalTemporal,
) -> None:
    client = await client_of(server)
    await client.start_workflow(
        "Deposit",
        id="deposit-in_1",
        task_queue="nobody-listens",
        search_attributes=TypedSearchAttributes([shown(key) for key in SEARCH_ATTRIBUTES]),
    )
    answer = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace="default")
    )
    assert answer.config.workflow_execution_retention_ttl.ToTimedelta().days == 90


async def test_runs_are_found_by_what_has_an_index_and_by_what_has_none(tmp_path: Path) -> None:
    server = LocalTemporal(tmp_path, free_ports(1)[0], log=tmp_path / "log")
    await server.start()
    with closing(sqlite3.connect(tmp_path / "temporal.db")) as database:
        rows = database.execute(
            "SELECT count(*) FROM sqlite_master"
            " WHERE type = 'index' AND tbl_name = 'executions_visibility' AND sql IS NOT NULL"
        )
        assert rows.fetchone()[0] <= 20
    client = await client_of(server)
    await client.start_workflow(
        "Deposit",
        id="deposit-in_1",
        task_queue="nobody-listens",
        search_attributes=TypedSearchAttributes([shown(key) for key in SEARCH_ATTRIBUTES]),
    )
    questions = ["PaymentStatus = 'anything'", "AmountMinor > 1", "TaskQueue = 'nobody-listens'"]
    async with asyncio.timeout(60):
        for question in questions:
            while await found_by(client, question) != ["deposit-in_1"]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    await server.stop()


async def found_by(client: Client, question: str) -> list[str]:
    return [execution.id async for execution in client.list_workflows(question)]


@activity.defn
async def count_coins() -> int:
    return 7


async def test_a_worker_counts_as_up_once_it_takes_work(server: LocalTemporal) -> None:
    assert not await server.is_polled("core", os.getpid())
    async with Worker(await client_of(server), task_queue="core", activities=[count_coins]):
        async with asyncio.timeout(60):
            while not await server.is_polled("core", os.getpid()):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    assert not await server.is_polled("core", 1)


async def test_a_taken_port_is_named_with_its_setting(
    server: LocalTemporal, tmp_path: Path
) -> None:
    port = int(server.address.rsplit(":")[-1])
    with pytest.raises(PortTaken, match=f"{port}.*Temporal.*PAYSAGA_LOCAL_TEMPORAL_PORT"):
        await LocalTemporal(None, port, log=tmp_path / "log").start()
