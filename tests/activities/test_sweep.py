"""Runs that were never started are started; what cannot be read keeps nobody from theirs."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import orjson
import pytest
from temporalio.client import Client

from activities.registry.lost_runs import LostRuns
from activities.registry.sweep import start_orphans
from infra.local.stack.postgres import Database, LocalPostgres
from infra.postgres import open_pool
from infra.settings import Postgres
from tests.databases import a_database
from tests.workflows.orders import deposit
from workflows.domain.identity import Kind, workflow_id


@pytest.fixture
async def database(postgres_server: LocalPostgres) -> AsyncIterator[Database]:
    """Of its own: a sweep sees to every payment there is."""
    async with a_database(postgres_server, "sweep") as made:
        yield made


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    async with await open_pool(Postgres.model_validate({"url": database.url})) as pool:
        yield pool


async def orphan(database: Database, payment_id: str, kind: str, order: object) -> str:
    """As an API leaves it that dies before it starts the run."""
    async with a_connection(database) as owner, owner.transaction():
        await owner.execute(
            "INSERT INTO payments (id, kind, brand, region, player_id, currency, amount_minor,"
            " method, status, version, final, trace_id, requester, details, run_order, facts,"
            " created_at, updated_at) VALUES ($1, $2, 'acme', 'eu', 'player-1', 'EUR', 5000,"
            " 'card', 'INITIATED', 1, false, 'trace-1', 'tests', '{}', $3, '{}',"
            " now() - interval '1 min', now())",
            payment_id,
            kind,
            orjson.dumps(order).decode(),
        )
        await owner.execute(
            "INSERT INTO idempotency_keys (brand, key, request_hash, resource_id, created_at)"
            " VALUES ('acme', $1, '', $1, now() - interval '1 min')",
            payment_id,
        )
    return payment_id


@asynccontextmanager
async def a_connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.migration_url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("kind", ["deposit", "of another version"])
async def test_an_order_that_cannot_be_read_keeps_no_other_payment_from_its_run(
    database: Database, pool: asyncpg.Pool, temporal_client: Client, kind: str
) -> None:
    await orphan(database, "in_" + "0" * 32, kind, {"unheard": "of"})
    order = deposit(intent_id="in_" + uuid.uuid4().hex, goes_ahead=True)
    payment_id = await orphan(database, order.intent_id, "deposit", order)
    assert await start_orphans(pool, temporal_client, "nobody-works-here") == 2
    run = temporal_client.get_workflow_handle(workflow_id(Kind.DEPOSIT, payment_id))
    assert (await run.describe()).workflow_type == "deposit"
    assert await start_orphans(pool, temporal_client, "nobody-works-here") == 0
    lost = LostRuns(pool, temporal_client, "nobody-works-here", patience=timedelta(0))
    await lost.find()
    await run.terminate()
    cases = await pool.fetch("SELECT payment_id, kind FROM cases")
    assert [tuple(case) for case in cases] == [("in_" + "0" * 32, "run_lost")]


async def test_a_command_that_waits_for_its_run_starts_none_again(
    database: Database, pool: asyncpg.Pool, temporal_client: Client
) -> None:
    order = deposit(intent_id="in_" + uuid.uuid4().hex)
    payment_id = await orphan(database, order.intent_id, "deposit", order)
    async with a_connection(database) as owner:
        await owner.execute("UPDATE idempotency_keys SET answer_status = 201, answer_body = '{}'")
        await owner.execute(
            "INSERT INTO idempotency_keys (brand, key, request_hash, resource_id, created_at)"
            " VALUES ('acme', 'authorize', '', $1, now() - interval '30 seconds')",
            payment_id,
        )
    assert await start_orphans(pool, temporal_client, "nobody-works-here") == 0
