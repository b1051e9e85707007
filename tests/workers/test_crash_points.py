"""A worker dies where it is asked to, nowhere else, and never in production."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest
from temporalio import activity
from temporalio.client import Client

from infra.local.stack.postgres import Database
from infra.settings import SettingsError
from tests.infra.endings import Run, endings
from tests.sealing import SETTING
from tests.workflows.orders import deposit
from tests.workflows.world import a_world, working
from workers.crash_points import DIED, CrashPoint, CrashPoints, crash_points, names
from workflows.domain.deposits import AuthorizeCommand

SANDBOX = {
    "PAYSAGA_PROFILE": "sandbox",
    "PAYSAGA_POSTGRES_URL": "postgresql://app@127.0.0.1:1/paysaga",
    "PAYSAGA_SEALS_KEYS": SETTING,
}


async def test_production_has_no_worker_die_on_purpose() -> None:
    accounts = '[{"psp": "sandbox", "id": "primary"}]'
    given = {
        "PAYSAGA_API_RETURN_URL_HOSTS": '["casino.example"]',
        "PAYSAGA_ROUTING_ACCOUNTS": accounts,
        "PAYSAGA_WORKER_DIES_AT": "wallet.close:after",
    }
    [ending] = await endings([Run("workers", SANDBOX | given | {"PAYSAGA_PROFILE": "production"})])
    assert ending.code == 1
    assert "the production profile has no worker die on purpose" in ending.wrote
    assert "PAYSAGA_WORKER_DIES_AT" in ending.wrote
    assert "Traceback" not in ending.wrote


async def test_a_point_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    points = ["wallet.clos:after", "wallet.close", "wallet.close:after:0"]
    given = [SANDBOX | {"PAYSAGA_WORKER_DIES_AT": point} for point in points]
    ended = await endings([Run("workers", settings) for settings in given])
    for point, ending in zip(points, ended, strict=True):
        assert ending.code == 1
        assert f"PAYSAGA_WORKER_DIES_AT: there is no crash point '{point}'" in ending.wrote
        assert "wallet.close:after, wallet.close:before" in ending.wrote
        assert "Traceback" not in ending.wrote


def test_nobody_dies_without_a_point() -> None:
    assert crash_points(None) is None


def test_every_point_can_be_named_and_numbered() -> None:
    for name in names():
        assert CrashPoint.read(name) == CrashPoint(name, 1)
        assert str(CrashPoint.read(f"{name}:3")) == f"{name}:3"
    with pytest.raises(SettingsError):
        CrashPoint.read("psp.look_up:written")


async def test_a_worker_dies_at_its_point_as_by_kill_9(
    database: Database, temporal_client: Client
) -> None:
    """The worker's own program, started with the setting alone."""
    address = temporal_client.service_client.config.target_host
    given = {
        **SANDBOX,
        "PAYSAGA_POSTGRES_URL": database.worker_url,
        "PAYSAGA_TEMPORAL_ADDRESS": address,
        "PAYSAGA_TEMPORAL_CORE_QUEUE": "core-of-one-that-dies",
        "PAYSAGA_WORKER_DIES_AT": "clearance.clear:after",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAYSAGA_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers"), env=kept | given, stderr=asyncio.subprocess.PIPE
    )
    world = a_world(temporal_client)
    world.queue = "core-of-one-that-dies"
    handle = await world.start(deposit())
    update = asyncio.create_task(handle.execute_update("authorize", AuthorizeCommand()))
    assert process.stderr is not None
    last_words = (await process.stderr.read()).decode()
    assert await process.wait() == DIED
    assert f"dies at clearance.clear:after of {handle.id}" in last_words
    update.cancel()
    await asyncio.gather(update, return_exceptions=True)
    await handle.terminate()


async def test_each_run_counts_its_own_passings(temporal_client: Client) -> None:
    """The points of one run, in order, whatever other runs pass meanwhile."""
    passed: list[tuple[str, str]] = []

    async def arrive(run: str, point: CrashPoint) -> None:
        passed.append((run, str(point)))
        assert activity.info().workflow_id == run

    async with working(world := a_world(temporal_client), points=CrashPoints(arrive)):
        handles = [await world.start(deposit()) for _ in range(2)]
        await asyncio.gather(
            *(handle.execute_update("authorize", AuthorizeCommand()) for handle in handles)
        )
    for handle in handles:
        mine = [point for run, point in passed if run == handle.id]
        for place in ("psp.authorize:before", "psp.capture:after", "wallet.close:after"):
            assert place in mine
        assert not [point for point in mine if point.endswith(":2")]


async def test_a_call_that_is_made_again_keeps_its_number(temporal_client: Client) -> None:
    """Its answer was lost: nobody waits for a second call that an undisturbed run never makes."""
    passed: list[str] = []

    async def arrive(_: str, point: CrashPoint) -> None:
        passed.append(str(point))
        if point.name == "wallet.close:after" and passed.count(str(point)) == 1:
            raise ConnectionError("the answer is lost")

    async with working(world := a_world(temporal_client), points=CrashPoints(arrive)):
        handle = await world.start(deposit())
        await handle.execute_update("authorize", AuthorizeCommand())
    assert passed.count("wallet.close:after") == 2
    assert not [point for point in passed if point.endswith(":2")]
