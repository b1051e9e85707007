"""The API as its callers see it, on real Postgres and Temporal, with workers and a fake PSP."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from temporalio.client import Client

from activities.access.credential import Role
from activities.access.issuer import Issuer
from activities.psp.asked import Asked
from activities.psp.catalog import Catalog
from activities.psp.once import AskedOnce
from activities.routing.settings import Account, RoutingSettings
from activities.settings import Settings
from api.app import create_app
from infra.local.stack.postgres import Database, LocalPostgres
from infra.postgres import open_pool
from infra.settings import Api, Postgres, Temporal
from tests.api.callers import Caller
from tests.api.returning import ReturningPlugin
from tests.api.routing_desk import Desk
from tests.databases import a_database
from tests.workflows.world import FakePsp
from workers.assembly import answers, core_worker, psp_worker

Issue = Callable[..., Awaitable[Caller]]


@pytest.fixture(scope="session")
async def database(postgres_server: LocalPostgres) -> AsyncIterator[Database]:
    """Of their own: lists and searches would find what other tests have made up."""
    async with a_database(postgres_server, "api") as made:
        yield made


@pytest.fixture(scope="session")
def settings(database: Database, temporal_client: Client) -> Settings:
    # Queues of their own: other tests run workers on the same server.
    name = uuid.uuid4().hex[:12]
    return Settings(
        profile="sandbox",
        postgres=Postgres.model_validate({"url": database.api_url}),
        temporal=Temporal(
            address=temporal_client.service_client.config.target_host, core_queue=f"core-{name}"
        ),
        api=Api(
            return_url_hosts=["casino.example", "*.casino.example", "localhost"],
            answer_seconds=10.0,
            credential_cache_seconds=0.0,
            # All tests ask from one address.
            wrong_tokens_per_minute=100_000,
        ),
        # The two calls: a sale is played in journeys, workflows and walls.
        routing=RoutingSettings(accounts=[Account(psp=f"fake{name}", id="primary", holds=["*"])]),
    )


@pytest.fixture(scope="session")
async def pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    """What API and worker may do together; the API itself has its own role."""
    async with await open_pool(Postgres.model_validate({"url": database.url})) as pool:
        yield pool


@pytest.fixture(scope="session")
async def owner(database: Database) -> AsyncIterator[asyncpg.Pool]:
    at = Postgres.model_validate({"url": database.migration_url, "pool_size": 1})
    async with await open_pool(at) as pool:
        yield pool


@pytest.fixture(scope="session")
async def running(
    settings: Settings, pool: asyncpg.Pool, temporal_client: Client
) -> AsyncIterator[FakePsp]:
    """Workers with our real books; gives the PSP they ask."""
    psp = FakePsp()
    books = answers(settings, pool, Catalog()).books
    name = settings.routing.accounts[0].psp
    quick = AskedOnce(Asked(pool, quick=True), psp)
    async with (
        core_worker(temporal_client, settings, (*books, quick)),
        psp_worker(temporal_client, settings, name, AskedOnce(Asked(pool), psp)),
    ):
        yield psp


@pytest.fixture
def psp(running: FakePsp) -> FakePsp:
    return running


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    psp = settings.routing.accounts[0].psp
    made = create_app(settings, Catalog({psp: ReturningPlugin(psp)}))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(made.router.lifespan_context(made))
        yield made


@pytest.fixture(scope="session")
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with speaking_to(app) as client:
        yield client


@pytest.fixture(scope="session")
async def issue(http: httpx.AsyncClient, owner: asyncpg.Pool) -> Issue:
    """Somebody with these roles and brands, under a name of their own. What else is given is the
    credential's: `person`, `routes`, `at_most`, `lasts`."""

    async def issued(*roles: Role, brands: tuple[str, ...] = ("acme",), **more: Any) -> Caller:
        name = more.pop("name", f"{roles[0]}-{uuid.uuid4().hex[:8]}")
        return Caller(http, await Issuer(owner).issue(name, roles, brands, **more))

    return issued


@pytest.fixture(scope="session")
async def platform(issue: Issue) -> Caller:
    return await issue(Role.PLATFORM)


@pytest.fixture(scope="session")
async def operator(issue: Issue) -> Caller:
    return await issue(Role.OPERATOR)


@pytest.fixture(scope="session")
async def approver(issue: Issue) -> Caller:
    return await issue(Role.APPROVER)


@pytest.fixture(scope="session")
async def desk(issue: Issue) -> Desk:
    """Two people who change routing together, for all brands."""
    ann = await issue(Role.OPERATOR, brands=("*",))
    return Desk(ann, await issue(Role.APPROVER, brands=("*",)))


@pytest.fixture
def name(settings: Settings) -> str:
    """The PSP that is connected; every payment goes to its account `primary`."""
    return settings.routing.accounts[0].psp


def speaking_to(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api")
