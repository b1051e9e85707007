"""A namespace is fit for payments, or says what it lacks; a worker says whether it takes work."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import RemoveSearchAttributesRequest
from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
from temporalio.client import Client

from api.http.runs import Runs
from infra import namespace
from infra.local.stack.ports import free_ports
from infra.local.stack.postgres import Database
from infra.local.stack.temporal import LocalTemporal
from infra.settings import SettingsError, Temporal
from infra.temporal import connect
from tests.infra.endings import Ending, Run, endings
from tests.sealing import SEALS, SETTING
from workflows.visibility import SEARCH_ATTRIBUTES

BARE = "bare"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalTemporal]:
    made = LocalTemporal(None, free_ports(1)[0], log=tmp_path_factory.mktemp("temporal") / "log")
    await made.start()
    yield made
    await made.stop()


async def prepare(server: LocalTemporal, *words: str, of: str = BARE) -> Ending:
    settings = {"PAYSAGA_TEMPORAL_ADDRESS": server.address, "PAYSAGA_TEMPORAL_NAMESPACE": of}
    [ending] = await endings([Run(" ".join(["workers.namespace", *words]), settings)])
    return ending


async def client_of(server: LocalTemporal, of: str = BARE) -> Client:
    return await connect(Temporal(address=server.address, namespace=of))


async def test_a_namespace_is_made_and_gets_what_payments_need_once(server: LocalTemporal) -> None:
    made = await prepare(server, "--create")
    assert (made.code, made.wrote.splitlines()[0]) == (0, "made the namespace bare")
    added = made.wrote.splitlines()[-1]
    assert added.startswith("added ")
    assert all(key.name in added for key in SEARCH_ATTRIBUTES)
    again = await prepare(server, "--create")
    assert again == Ending(0, "every search attribute is there\n")
    client = await client_of(server)
    await namespace.require(client)
    assert await namespace.missing_attributes(client, SEARCH_ATTRIBUTES) == []


async def test_a_namespace_that_keeps_runs_too_shortly_is_refused_and_mended(
    server: LocalTemporal,
) -> None:
    await prepare(server, "--create", of="short")
    client = await client_of(server, "short")
    await client.workflow_service.update_namespace(
        UpdateNamespaceRequest(
            namespace="short",
            config=NamespaceConfig(workflow_execution_retention_ttl=Duration(seconds=2 * 86400)),
        )
    )
    with pytest.raises(SettingsError, match="NAMESPACE: short keeps closed runs for 2 days; 30"):
        await namespace.require(client)
    assert "closed runs are kept for 90 days" in (await prepare(server, of="short")).wrote
    await namespace.require(client)


async def test_a_server_that_is_too_old_is_refused(
    server: LocalTemporal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(namespace, "NEEDED_SERVER", (99, 0))
    with pytest.raises(SettingsError, match=r"ADDRESS: the server is Temporal 1\.\d+\.\d+; 99.0"):
        await namespace.require(await client_of(server, "default"))


async def test_a_worker_waits_for_search_attributes_says_which_and_goes_on_when_they_are_added(
    server: LocalTemporal, database: Database, tmp_path: Path
) -> None:
    await prepare(server, "--create", of="lacking")
    client = await client_of(server, "lacking")
    await client.operator_service.remove_search_attributes(
        RemoveSearchAttributesRequest(namespace="lacking", search_attributes=["Psp"])
    )
    async with asyncio.timeout(120):
        # The server itself remembers it for a while.
        while not await namespace.missing_attributes(client, SEARCH_ATTRIBUTES):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    port = free_ports(1)[0]
    settings = {
        "PAYSAGA_PROFILE": "sandbox",
        "PAYSAGA_POSTGRES_URL": database.worker_url,
        "PAYSAGA_SEALS_KEYS": SETTING,
        "PAYSAGA_TEMPORAL_ADDRESS": server.address,
        "PAYSAGA_TEMPORAL_NAMESPACE": "lacking",
        "PAYSAGA_WORKER_HEALTH_PORT": str(port),
        "PATH": "/usr/bin:/bin",
    }
    with (tmp_path / "log").open("w") as log:
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "workers"), env=settings, stdout=log, stderr=log
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
            unready = await until(http, 503, "lacks the search attributes")
            assert unready == [
                "the namespace lacking lacks the search attributes Psp (Keyword) "
                "(python -m workers.namespace adds them)"
            ]
            # An API of that namespace says the same in its own /readyz.
            assert await Runs(client, "core", 1.0, SEALS).lacks() == unready[0]
            assert (await http.get("/livez")).json() == {"status": "ok"}
            assert (await prepare(server, of="lacking")).wrote == "added Psp (Keyword)\n"
            await until(http, 200, "")
    finally:
        assert worker.returncode is None, (tmp_path / "log").read_text()
        worker.terminate()
        await worker.wait()


async def until(http: httpx.AsyncClient, status: int, words: str) -> list[str]:
    """What /readyz says is missing, once it answers so."""
    async with asyncio.timeout(60):
        while True:
            try:
                answer = await http.get("/readyz")
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code == status and words in answer.text:
                missing: list[str] = answer.json().get("missing", [])
                return missing
            await asyncio.sleep(0.1)
