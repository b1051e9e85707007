"""Real Postgres and Temporal, workers wired as in production, and two PSPs that keep a book."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest
from temporalio.client import Client

from activities.psp.asked import Asked
from activities.psp.catalog import Catalog
from activities.psp.once import AskedOnce
from activities.registry.books import RegistryBooks
from activities.routing.settings import Account, RoutingSettings
from activities.settings import Settings
from infra.local.stack.postgres import Database, LocalPostgres
from infra.settings import Api, Postgres, Temporal
from tests.api.conftest import app as app
from tests.api.conftest import approver as approver
from tests.api.conftest import http as http
from tests.api.conftest import issue as issue
from tests.api.conftest import operator as operator
from tests.api.conftest import owner as owner
from tests.api.conftest import platform as platform
from tests.api.conftest import pool as pool
from tests.databases import a_database
from tests.sealing import sealing
from tests.walls.bank import Bank, BankPsp
from tests.walls.house import House
from workers.assembly import answers, core_worker, psp_worker


@pytest.fixture(scope="session")
async def database(postgres_server: LocalPostgres) -> AsyncIterator[Database]:
    """Of their own: lists and searches would find what other tests have made up."""
    async with a_database(postgres_server, "walls") as made:
        yield made


@pytest.fixture(scope="session")
def settings(database: Database, temporal_client: Client) -> Settings:
    name = uuid.uuid4().hex[:12]
    return Settings(
        profile="sandbox",
        postgres=Postgres.model_validate({"url": database.api_url, "pool_size": 16}),
        temporal=Temporal(
            address=temporal_client.service_client.config.target_host, core_queue=f"core-{name}"
        ),
        api=Api(
            return_url_hosts=["casino.example"], answer_seconds=10.0, credential_cache_seconds=0.0
        ),
        routing=RoutingSettings(
            # By card money is held first; by every other method it is taken at once.
            accounts=[
                Account(psp=f"{which}{name}", id="primary", holds=["card"])
                for which in ("one", "two")
            ]
        ),
    )


@pytest.fixture(scope="session")
async def house(
    settings: Settings, pool: asyncpg.Pool, temporal_client: Client
) -> AsyncIterator[House]:
    """With workers on it: our real books, and two PSPs to ask."""
    bank = Bank()
    # Nobody certified these PSPs: they are asked in the slow lane alone.
    core = answers(settings, pool, Catalog()).core
    one, two = (account.psp for account in settings.routing.accounts)
    first, second = (
        AskedOnce(Asked(pool), BankPsp(bank, n, is_first=n == one)) for n in (one, two)
    )
    async with (
        core_worker(temporal_client, settings, core),
        psp_worker(temporal_client, settings, one, first),
        psp_worker(temporal_client, settings, two, second),
    ):
        yield House(settings, pool, sealing(temporal_client, pool), bank, RegistryBooks(pool))
