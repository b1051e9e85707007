"""The commit that stores an event wakes the relay; what nobody hears is found by looking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest
from temporalio.client import Client

from activities.inbox import relay as relaying
from activities.inbox.inbox import Inbox
from activities.inbox.relay import CHANNEL, Relay
from activities.inbox.signals import Signals
from infra.local.stack.postgres import Database
from infra.settings import Postgres
from tests.activities.listening import QUEUE, an_event, row_of, run_for, running, until_delivered
from tests.sealing import SEALS


@pytest.fixture(autouse=True)
async def _quiet(owner: asyncpg.Pool) -> None:
    """What other tests left behind is none of theirs."""
    await owner.execute(
        "UPDATE inbox_events SET parked = 'left' WHERE delivered_at IS NULL AND parked IS NULL"
    )


@pytest.fixture
def at(database: Database) -> Postgres:
    return Postgres.model_validate({"url": database.url})


@pytest.fixture
def only_when_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaying, "IDLE_SECONDS", 3600.0)


@asynccontextmanager
async def asleep(pool: asyncpg.Pool, client: Client, at: Postgres) -> AsyncIterator[Relay]:
    """A relay that listens, and has looked at everything."""
    relay = Relay(pool, Signals(client, QUEUE, SEALS), at=at)
    async with running(relay), asyncio.timeout(60):
        hearing = relay._notifications
        assert hearing is not None
        while not hearing.listening or relay._woken.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        yield relay


@pytest.mark.usefixtures("only_when_woken")
async def test_the_commit_that_stores_an_event_wakes_the_relay(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client, at: Postgres
) -> None:
    events = [an_event() for _ in range(5)]
    for event in events:
        await run_for(temporal_client, owner, event)
    async with asleep(pool, temporal_client, at):
        for event in events:
            await Inbox(pool).store([event])
        await until_delivered(pool, *events)


@pytest.mark.usefixtures("only_when_woken")
async def test_so_does_whoever_has_an_event_delivered_again(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client, at: Postgres
) -> None:
    event = an_event()
    await run_for(temporal_client, owner, event)
    await Inbox(pool).store([event])
    await owner.execute("UPDATE inbox_events SET parked = 'undeliverable' WHERE parked IS NULL")
    async with asleep(pool, temporal_client, at):
        row = await row_of(pool, event)
        await owner.execute("SELECT inbox_redeliver($1, 'key-1', 'ann', 'again')", row["id"])
        await until_delivered(pool, event)


async def test_an_event_whose_notification_is_lost_is_delivered_all_the_same(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client, at: Postgres
) -> None:
    event = an_event()
    await run_for(temporal_client, owner, event)
    await Inbox(pool).store([event])
    await owner.execute("UPDATE inbox_events SET parked = 'left' WHERE parked IS NULL")
    async with asleep(pool, temporal_client, at):
        await owner.execute(
            "UPDATE inbox_events SET parked = NULL WHERE event_id = $1", event.event_id
        )
        await until_delivered(pool, event)


@pytest.mark.usefixtures("only_when_woken")
async def test_a_relay_whose_listening_connection_is_cut_looks_by_itself_and_listens_again(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client, at: Postgres
) -> None:
    while_deaf, afterwards = an_event(), an_event()
    for event in (while_deaf, afterwards):
        await run_for(temporal_client, owner, event)
    async with asleep(pool, temporal_client, at) as relay:
        hearing = relay._notifications
        assert hearing is not None
        await pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
        )
        await Inbox(pool).store([while_deaf])
        await until_delivered(pool, while_deaf)
        async with asyncio.timeout(60):
            while not hearing.listening:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await Inbox(pool).store([afterwards])
        await until_delivered(pool, afterwards)


async def test_what_is_repeated_wakes_nobody(pool: asyncpg.Pool, database: Database) -> None:
    woken: list[str] = []
    listener = await asyncpg.connect(database.url)
    await listener.add_listener(CHANNEL, lambda *heard: woken.append(str(heard[3])))
    event = an_event()
    await Inbox(pool).store([event])
    await Inbox(pool).store([event])
    await Inbox(pool).store([replace(event, event_id=f"{event.event_id}-again")])
    await listener.execute("SELECT pg_notify($1, 'the end')", CHANNEL)
    async with asyncio.timeout(60):
        while "the end" not in woken:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await listener.close()
    assert woken == ["", "the end"]
