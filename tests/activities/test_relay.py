"""What was stored is delivered until its run has it, and never lost."""

from __future__ import annotations

import asyncio
import uuid

import asyncpg
import pytest
from temporalio.client import Client
from temporalio.service import RPCStatusCode

from activities.inbox.inbox import Inbox
from activities.inbox.relay import Relay
from activities.inbox.signals import Signals
from infra.settings import Inbox as Limits
from infra.settings import Temporal
from infra.temporal import connect
from tests.activities.listening import (
    QUEUE,
    AnswersSlowly,
    Dies,
    DiesAfterTheSignal,
    Refuses,
    an_event,
    cases_of,
    due_now,
    heard_by,
    opened,
    received_ago,
    row_of,
    run_for,
    running,
    until_delivered,
)
from tests.sealing import SEALS


@pytest.fixture(autouse=True)
async def _quiet(owner: asyncpg.Pool) -> None:
    """What other tests left behind is none of theirs."""
    await owner.execute(
        "UPDATE inbox_events SET parked = 'left' WHERE delivered_at IS NULL AND parked IS NULL"
    )


async def test_an_event_reaches_its_run_and_is_marked_delivered(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    event = an_event()
    handle = await run_for(temporal_client, owner, event)
    await Inbox(pool).store([event])
    await Relay(pool, Signals(temporal_client, QUEUE, SEALS)).sweep()
    assert (await row_of(pool, event))["delivered_at"] is not None
    assert await heard_by(temporal_client, handle) == [event]


async def test_events_are_delivered_within_two_seconds_of_their_commit(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    events = [an_event() for _ in range(150)]
    for event in events:
        await run_for(temporal_client, owner, event)
    async with running(
        Relay(pool, Signals(temporal_client, QUEUE, SEALS)),
        Relay(pool, Signals(temporal_client, QUEUE, SEALS)),
    ):
        for event in events:
            await Inbox(pool).store([event])
        assert await until_delivered(pool, *events) < 2
    assert {(await row_of(pool, event))["attempts"] for event in events} == {1}


async def test_an_event_before_its_payment_waits_for_it(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    event = an_event()
    relay = Relay(pool, Signals(temporal_client, QUEUE, SEALS))
    await Inbox(pool).store([event])
    for attempts in range(1, 4):
        await relay.sweep()
        row = await row_of(pool, event)
        assert (row["delivered_at"], row["parked"], row["attempts"]) == (None, None, attempts)
        await due_now(owner, event)
    await run_for(temporal_client, owner, event)
    await relay.sweep()
    assert (await row_of(pool, event))["delivered_at"] is not None


async def test_a_payment_that_comes_a_moment_later_has_its_event_soon(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    event = an_event()
    async with running(Relay(pool, Signals(temporal_client, QUEUE, SEALS))):
        await Inbox(pool).store([event])
        await asyncio.sleep(0.3)
        await run_for(temporal_client, owner, event)
        assert await until_delivered(pool, event) < 2


async def test_who_waits_is_looked_after_at_least_once_a_minute(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    event = an_event()
    await Inbox(pool).store([event])
    pauses = []
    for _ in range(12):
        await due_now(owner, event)
        await Relay(pool, Signals(temporal_client, QUEUE, SEALS)).sweep()
        pauses.append(
            await pool.fetchval(
                "SELECT extract(epoch FROM next_at - now()) FROM inbox_events WHERE event_id = $1",
                event.event_id,
            )
        )
    assert pauses[0] < 1
    assert pauses[3] < pauses[6]
    assert 40 < max(pauses) <= 60


async def test_an_unknown_payment_becomes_one_case_and_its_event_is_delivered_all_the_same(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    event = an_event()
    relay = Relay(pool, Signals(temporal_client, QUEUE, SEALS), Limits(unknown_hours=24))
    await Inbox(pool).store([event])
    await received_ago(owner, event, hours=23)
    await relay.sweep()
    assert await cases_of(pool, event) == []
    for _ in range(2):
        await received_ago(owner, event, hours=25)
        await relay.sweep()
    [case] = await cases_of(pool, event)
    assert (case["kind"], case["money_at_risk_minor"]) == ("unknown_reference", 5000)
    assert (await row_of(pool, event))["parked"] is None
    handle = await run_for(temporal_client, owner, event)
    await due_now(owner, event)
    await relay.sweep()
    assert await heard_by(temporal_client, handle) == [event]


async def test_a_payment_that_lost_its_run_becomes_a_case(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    event = an_event()
    await opened(owner, event)
    await Inbox(pool).store([event])
    await received_ago(owner, event, hours=25)
    await Relay(pool, Signals(temporal_client, QUEUE, SEALS)).sweep()
    assert [case["kind"] for case in await cases_of(pool, event)] == ["unexpected_event"]
    assert (await row_of(pool, event))["parked"] is None


async def test_an_event_that_is_none_of_ours_is_parked_with_a_case(
    pool: asyncpg.Pool, temporal_client: Client
) -> None:
    event = an_event(payment_id=f"somebody-elses-{uuid.uuid4().hex}")
    await Inbox(pool).store([event])
    await Relay(pool, Signals(temporal_client, QUEUE, SEALS)).sweep()
    assert (await row_of(pool, event))["parked"] == "not_ours"
    assert [case["kind"] for case in await cases_of(pool, event)] == ["unknown_reference"]


async def test_what_its_run_never_takes_is_parked_with_a_case_after_some_tries(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    event = an_event()
    await opened(owner, event)
    await Inbox(pool).store([event])
    relay = Relay(pool, Refuses(temporal_client, QUEUE, SEALS), Limits(refusals=3))
    for _ in range(2):
        await relay.sweep()
        await due_now(owner, event)
    assert (await row_of(pool, event))["parked"] is None
    await relay.sweep()
    assert (await row_of(pool, event))["parked"] == "undeliverable"
    assert [case["kind"] for case in await cases_of(pool, event)] == ["unexpected_event"]


@pytest.mark.parametrize(
    "status", [RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.INTERNAL]
)
async def test_an_outage_parks_nothing_however_long_it_takes(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client, status: RPCStatusCode
) -> None:
    event = an_event()
    await run_for(temporal_client, owner, event)
    await Inbox(pool).store([event])
    signals = Refuses(temporal_client, QUEUE, SEALS)
    signals.status = status
    relay = Relay(pool, signals, Limits(refusals=1))
    for _ in range(5):
        await relay.sweep()
        await due_now(owner, event)
    row = await row_of(pool, event)
    assert (row["parked"], row["refusals"], row["attempts"]) == (None, 0, 5)
    await Relay(pool, Signals(temporal_client, QUEUE, SEALS)).sweep()
    assert (await row_of(pool, event))["delivered_at"] is not None


async def test_a_temporal_that_was_never_there_is_waited_for(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    event = an_event()
    await run_for(temporal_client, owner, event)
    await Inbox(pool).store([event])
    nowhere = await connect(Temporal(address="127.0.0.1:1"), lazy=True)
    async with running(Relay(pool, Signals(nowhere, QUEUE, SEALS))):
        await asyncio.sleep(0.5)
    row = await row_of(pool, event)
    assert (row["delivered_at"], row["parked"], row["refusals"]) == (None, None, 0)
    async with running(Relay(pool, Signals(temporal_client, QUEUE, SEALS))):
        await until_delivered(pool, event)


async def test_a_slow_run_holds_up_no_other(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    slow, others = an_event(), [an_event() for _ in range(30)]
    for event in (slow, *others):
        await run_for(temporal_client, owner, event)
    signals = AnswersSlowly(temporal_client, QUEUE, SEALS)
    signals.slow = slow.payment_id
    async with running(Relay(pool, signals, Limits(deliveries=8))):
        await Inbox(pool).store([slow])
        await Inbox(pool).store(others)
        assert await until_delivered(pool, *others) < 2
        assert (await row_of(pool, slow))["delivered_at"] is None
        await until_delivered(pool, slow)
    assert (await row_of(pool, slow))["attempts"] == 1


async def test_a_crowd_that_waits_holds_up_nothing_that_is_fresh(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    crowd, fresh = [an_event() for _ in range(400)], an_event()
    await Inbox(pool).store(crowd)
    await owner.execute(
        "UPDATE inbox_events SET attempts = 5, next_at = now() - interval '1 hour' "
        "WHERE event_id = ANY($1)",
        [event.event_id for event in crowd],
    )
    await run_for(temporal_client, owner, fresh)
    await Inbox(pool).store([fresh])
    await Relay(pool, Signals(temporal_client, QUEUE, SEALS), Limits(deliveries=4)).sweep()
    assert (await row_of(pool, fresh))["delivered_at"] is not None


async def test_a_relay_that_dies_between_signal_and_mark_delivers_again(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    event = an_event()
    await run_for(temporal_client, owner, event)
    await Inbox(pool).store([event])
    with pytest.raises(Dies):
        await Relay(pool, DiesAfterTheSignal(temporal_client, QUEUE, SEALS)).sweep()
    row = await row_of(pool, event)
    assert row["delivered_at"] is None
    async with running(Relay(pool, Signals(temporal_client, QUEUE, SEALS))):
        assert await until_delivered(pool, event) < 6


async def test_two_relays_at_once_deliver_an_event_once(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    events = [an_event() for _ in range(20)]
    for event in events:
        await run_for(temporal_client, owner, event)
    await Inbox(pool).store(events)
    await asyncio.gather(
        *(Relay(pool, Signals(temporal_client, QUEUE, SEALS)).sweep() for _ in range(2))
    )
    for event in events:
        row = await row_of(pool, event)
        assert row["attempts"] == 1
        assert row["delivered_at"] is not None
