"""Temporal or Postgres out of reach: a 503 that says when to come back, never a 500."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from activities.access.credential import Role
from activities.access.issuer import Issuer
from activities.psp.catalog import Catalog
from activities.settings import Settings
from api.app import create_app
from infra.local.stack.ports import free_ports
from tests.api.callers import Caller, intent, slug
from tests.api.conftest import speaking_to

INTENTS = "/v1/cashier/intents"


@asynccontextmanager
async def an_api(settings: Settings) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    made = create_app(settings, Catalog())
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(made.router.lifespan_context(made))
        yield made, await stack.enter_async_context(speaking_to(made))


@pytest.fixture
def without_temporal(settings: Settings) -> Settings:
    (nobody,) = free_ports(1)
    temporal = settings.temporal.model_copy(update={"address": f"127.0.0.1:{nobody}"})
    return settings.model_copy(update={"temporal": temporal})


async def test_without_temporal_it_boots_reads_and_says_so(
    without_temporal: Settings, owner: asyncpg.Pool
) -> None:
    token = await Issuer(owner).issue("patient", [Role.PLATFORM], ["acme"])
    async with an_api(without_temporal) as (_, http):
        caller = Caller(http, token)
        assert (await caller.get(INTENTS)).status_code == 200
        assert (await caller.get("/healthz")).status_code == 200
        unready = await caller.get("/readyz")
        assert (unready.status_code, slug(unready)) == (503, "unavailable")
        assert "Temporal" in unready.json()["detail"]
        assert "database" not in unready.json()["detail"]


async def test_an_intent_that_temporal_missed_is_helped_by_asking_again(
    without_temporal: Settings, platform: Caller, running: object, owner: asyncpg.Pool
) -> None:
    token = await Issuer(owner).issue("retrier", [Role.PLATFORM], ["acme"])
    async with an_api(without_temporal) as (_, http):
        caller = Caller(http, token)
        missed = await caller.post(INTENTS, intent(authorize=True), key="missed-1")
        assert (missed.status_code, slug(missed)) == (503, "unavailable")
        assert missed.headers["Retry-After"]
        opened = await caller.post(INTENTS, intent(), key="opened-1")
        assert (opened.status_code, opened.json()["status"]) == (201, "INITIATED")
        path = f"{INTENTS}/{opened.json()['intent_id']}/authorize"
        assert slug(await caller.post(path, key="missed-2")) == "unavailable"
    again = await platform.post(INTENTS, intent(authorize=True), key="missed-1")
    assert (again.status_code, again.json()["status"]) == (200, "CAPTURED")
    assert (await platform.post(path, key="missed-2")).json()["status"] == "CAPTURED"


async def test_without_a_worker_the_caller_is_told_to_come_back(
    settings: Settings, owner: asyncpg.Pool
) -> None:
    alone = settings.model_copy(
        update={
            "temporal": settings.temporal.model_copy(update={"core_queue": "nobody-works-here"}),
            "api": settings.api.model_copy(update={"answer_seconds": 0.5}),
        }
    )
    token = await Issuer(owner).issue("waiting", [Role.PLATFORM], ["acme"])
    async with an_api(alone) as (_, http):
        caller = Caller(http, token)
        opened = await caller.post(INTENTS, intent())
        assert opened.status_code == 201
        waiting = await caller.post(f"{INTENTS}/{opened.json()['intent_id']}/authorize", key="w-1")
        assert (waiting.status_code, waiting.json()["status"]) == (202, "INITIATED")
        stored = await owner.fetchval(
            "SELECT answer_status FROM idempotency_keys WHERE key = 'w-1'"
        )
        assert stored is None


@pytest.mark.parametrize(
    "broken",
    [
        lambda: ConnectionRefusedError("no"),
        lambda: TimeoutError(),
        lambda: asyncpg.CannotConnectNowError("starting up"),
        lambda: asyncpg.AdminShutdownError("going down"),
        lambda: asyncpg.DiskFullError("full"),
        lambda: asyncpg.TooManyConnectionsError("many"),
        lambda: asyncpg.ReadOnlySQLTransactionError("read only"),
        lambda: asyncpg.LockNotAvailableError("locked"),
        lambda: asyncpg.QueryCanceledError("too slow"),
        lambda: asyncpg.InterfaceError("closed"),
    ],
)
async def test_a_database_that_cannot_is_a_503(
    app: FastAPI, platform: Caller, broken: Callable[[], Exception]
) -> None:
    async def read() -> None:
        raise broken()

    app.add_api_route("/reading", read)
    failed = await platform.get("/reading")
    app.router.routes.pop()
    assert (failed.status_code, slug(failed)) == (503, "unavailable")
    assert failed.headers["Retry-After"]


async def test_a_pool_recovers_from_connections_that_were_cut(
    settings: Settings, owner: asyncpg.Pool, pool: asyncpg.Pool
) -> None:
    token = await Issuer(owner).issue("steady", [Role.PLATFORM], ["acme"])
    async with an_api(settings) as (made, http):
        caller = Caller(http, token)
        assert (await caller.get(INTENTS)).status_code == 200
        ours = await made.state.ground.pool.fetchval("SELECT pg_backend_pid()")
        await pool.execute("SELECT pg_terminate_backend($1)", ours)
        answers = [(await caller.get(INTENTS)).status_code for _ in range(4)]
        assert set(answers) <= {200, 503}
        assert answers[-1] == 200
