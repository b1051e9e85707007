"""An intent that nobody goes ahead with has no run, needs none, and expires in the registry."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import orjson
import pytest
from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError, RPCStatusCode

from activities.registry.beginnings import Beginnings
from activities.registry.books import RegistryBooks
from activities.registry.claims import Answer, Claim
from activities.registry.lost_runs import LostRuns
from activities.registry.new_payment import NewPayment
from activities.registry.requests import Requests
from activities.registry.sweep import start_orphans
from infra.local.stack.postgres import Database, LocalPostgres
from infra.postgres import open_pool
from infra.settings import Postgres
from tests.databases import a_database
from tests.workflows.orders import deposit
from workers.schedules import keep_schedules, schedules
from workflows.domain.deposits import DepositOrder
from workflows.domain.identity import Kind, workflow_id
from workflows.domain.seals import FACT

QUEUE = "nobody-works-here"


@pytest.fixture(scope="module")
async def database(postgres_server: LocalPostgres) -> AsyncIterator[Database]:
    """Of its own: what expires intents sees to every one there is."""
    async with a_database(postgres_server, "sleeping") as made:
        yield made


@pytest.fixture(scope="module")
async def pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    async with await open_pool(Postgres.model_validate({"url": database.url})) as pool:
        yield pool


async def opened(pool: asyncpg.Pool, *, expires_in_seconds: float) -> DepositOrder:
    """As the API leaves an intent that it has answered."""
    order = deposit(intent_id=f"in_{uuid.uuid4().hex}", expires_in_seconds=expires_in_seconds)
    claim = Claim(brand="acme", key=order.intent_id, request_hash="", resource_id=order.intent_id)
    payment = NewPayment(
        kind="deposit",
        brand="acme",
        region="MT",
        player_id="player-1",
        currency="EUR",
        amount_minor=5000,
        method="card",
        status="INITIATED",
        trace_id="trace-1",
        requester="tests",
        details={"return_url": "https://casino.example/back", "capture_method": "automatic"},
        order=orjson.loads(orjson.dumps(order)),
        expires_at=order.expires_at,
    )
    await Requests(pool).open(claim, payment, Answer(201, "{}"))
    return order


async def run_of(client: Client, order: DepositOrder) -> WorkflowExecutionDescription | None:
    handle = client.get_workflow_handle(workflow_id(Kind.DEPOSIT, order.intent_id))
    try:
        return await handle.describe()
    except RPCError as error:
        assert error.status is RPCStatusCode.NOT_FOUND
        return None


async def status_of(pool: asyncpg.Pool, order: DepositOrder) -> str:
    status: str = await pool.fetchval("SELECT status FROM payments WHERE id = $1", order.intent_id)
    return status


async def test_neither_sweep_starts_the_run_of_an_intent_that_sleeps_nor_makes_it_a_case(
    pool: asyncpg.Pool, temporal_client: Client
) -> None:
    order = await opened(pool, expires_in_seconds=1800)
    assert await start_orphans(pool, temporal_client, QUEUE) == 0
    assert await LostRuns(pool, temporal_client, QUEUE, patience=timedelta(0)).find() == 0
    assert await run_of(temporal_client, order) is None
    assert await pool.fetch("SELECT 1 FROM cases") == []


async def test_an_intent_that_is_overdue_expires_and_one_that_is_not_does_not(
    pool: asyncpg.Pool,
) -> None:
    overdue = await opened(pool, expires_in_seconds=-31)
    just_now = await opened(pool, expires_in_seconds=-1)
    sleeps = await opened(pool, expires_in_seconds=1800)
    books = RegistryBooks(pool)
    assert await books.expire(500) == 1
    assert await books.expire(500) == 0
    assert await status_of(pool, overdue) == "EXPIRED"
    # A run that has begun ends its own to the second.
    assert await status_of(pool, just_now) == "INITIATED"
    assert await status_of(pool, sleeps) == "INITIATED"
    known = await books.recall(overdue.intent_id)
    assert (known.version, known.final) == (2, True)


async def test_no_more_expire_together_than_are_asked_for(pool: asyncpg.Pool) -> None:
    for _ in range(3):
        await opened(pool, expires_in_seconds=-60)
    books = RegistryBooks(pool)
    assert [await books.expire(2), await books.expire(2)] == [2, 1]


async def test_an_intent_of_which_a_psp_was_asked_does_not_expire_by_the_clock(
    pool: asyncpg.Pool, database: Database
) -> None:
    order = await opened(pool, expires_in_seconds=-60)
    owner = await asyncpg.connect(database.migration_url)
    await owner.execute(
        "INSERT INTO psp_instructions (key, payment_id, operation, psp, account, currency,"
        " amount_minor, rest, state) VALUES ($1 || ':authorize:1', $1, 'authorize', 'p', 'a',"
        " 'EUR', 5000, false, 'asked')",
        order.intent_id,
    )
    await owner.close()
    assert await RegistryBooks(pool).expire(500) == 0
    assert await status_of(pool, order) == "INITIATED"


async def test_an_intent_begins_with_the_first_fact_about_it(
    pool: asyncpg.Pool, temporal_client: Client
) -> None:
    order = await opened(pool, expires_in_seconds=1800)
    beginnings = Beginnings(pool, temporal_client, QUEUE)
    assert await beginnings.begin(order.intent_id, FACT, [{"any": "fact"}])
    run = await run_of(temporal_client, order)
    assert run is not None
    history = await temporal_client.get_workflow_handle(run.id).fetch_history()
    signals = [
        e for e in history.events if e.HasField("workflow_execution_signaled_event_attributes")
    ]
    assert [e.workflow_execution_signaled_event_attributes.signal_name for e in signals] == [FACT]
    await temporal_client.get_workflow_handle(run.id).terminate()


async def test_a_payment_that_is_no_sleeping_intent_begins_with_no_fact(
    pool: asyncpg.Pool, temporal_client: Client
) -> None:
    order = await opened(pool, expires_in_seconds=-3600)
    beginnings = Beginnings(pool, temporal_client, QUEUE)
    assert not await beginnings.begin(order.intent_id, FACT, [])
    assert not await beginnings.begin(f"in_{uuid.uuid4().hex}", FACT, [])
    assert await run_of(temporal_client, order) is None


async def test_the_schedule_is_made_once_and_stays_as_operators_have_set_it(
    temporal_client: Client,
) -> None:
    try:
        await keep_schedules(temporal_client, QUEUE)
        schedule = temporal_client.get_schedule_handle("intent-expiry")
        await schedule.pause(note="looking at it")
        await keep_schedules(temporal_client, "another-queue")
        known = (await schedule.describe()).schedule
        assert known.state.paused
        assert getattr(known.action, "task_queue", None) == "another-queue"
    finally:
        for name in schedules(QUEUE):
            await temporal_client.get_schedule_handle(name).delete()
