"""A verified event is stored once, delivered until the run has it, and never lost."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.inbox.inbox import Inbox
from activities.inbox.relay import Relay
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Operation, PspEvent

QUEUE = f"listeners-{uuid.uuid4().hex[:12]}"


@workflow.defn(name="listener")
class Listener:
    """Keeps what it hears, until it is told to stop."""

    def __init__(self) -> None:
        self.heard: list[PspEvent] = []
        self.stopped = False

    @workflow.run
    async def run(self) -> list[PspEvent]:
        await workflow.wait_condition(lambda: self.stopped)
        return self.heard

    @workflow.signal
    def psp_event(self, event: PspEvent) -> None:
        self.heard.append(event)

    @workflow.signal
    def stop(self) -> None:
        self.stopped = True


def an_event(payment_id: str = "", event_id: str = "") -> PspEvent:
    payment_id = payment_id or f"in_{uuid.uuid4().hex}"
    money = Money(5000, "EUR")
    return PspEvent(
        psp="sandbox",
        event_id=event_id or f"evt-{uuid.uuid4().hex}",
        key=f"{payment_id}:authorize:1",
        operation=Operation.AUTHORIZE,
        reply=Approved("auth-1", money),
        amount=money,
    )


async def row_of(pool: asyncpg.Pool, event: PspEvent) -> asyncpg.Record:
    row = await pool.fetchrow("SELECT * FROM inbox_events WHERE event_id = $1", event.event_id)
    assert row is not None
    return row


async def due_now(owner: asyncpg.Pool, event: PspEvent) -> None:
    await owner.execute(
        "UPDATE inbox_events SET next_at = now() WHERE event_id = $1", event.event_id
    )


async def test_an_event_that_comes_a_hundred_times_at_once_is_one_row(pool: asyncpg.Pool) -> None:
    event = an_event()
    stored = await asyncio.gather(*(Inbox(pool).store([event]) for _ in range(100)))
    assert sum(stored) == 1
    assert (
        await pool.fetchval("SELECT count(*) FROM inbox_events WHERE event_id = $1", event.event_id)
        == 1
    )


async def test_the_same_event_id_of_two_psps_is_two_events(pool: asyncpg.Pool) -> None:
    event = an_event()
    assert await Inbox(pool).store([event, replace(event, psp="other")]) == 2


async def test_an_event_reaches_its_run_and_is_marked_delivered(
    pool: asyncpg.Pool, temporal_client: Client
) -> None:
    event = an_event()
    handle = await temporal_client.start_workflow(
        Listener.run, id=f"deposit-{event.payment_id}", task_queue=QUEUE
    )
    await Inbox(pool).store([event])
    await Relay(pool, temporal_client).sweep()
    assert (await row_of(pool, event))["delivered_at"] is not None
    async with Worker(
        temporal_client,
        task_queue=QUEUE,
        workflows=[Listener],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        await handle.signal(Listener.stop)
        assert await handle.result() == [event]


async def test_an_event_before_its_payment_waits_for_it(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    event = an_event()
    relay = Relay(pool, temporal_client)
    await Inbox(pool).store([event])
    await relay.sweep()
    row = await row_of(pool, event)
    assert (row["delivered_at"], row["parked"], row["attempts"]) == (None, None, 1)
    await temporal_client.start_workflow(
        Listener.run, id=f"deposit-{event.payment_id}", task_queue=QUEUE
    )
    await due_now(owner, event)
    await relay.sweep()
    assert (await row_of(pool, event))["delivered_at"] is not None


async def test_an_event_that_is_none_of_ours_is_parked(
    pool: asyncpg.Pool, temporal_client: Client
) -> None:
    event = an_event(payment_id=f"somebody-elses-{uuid.uuid4().hex}")
    await Inbox(pool).store([event])
    await Relay(pool, temporal_client).sweep()
    assert (await row_of(pool, event))["parked"] == "not_ours"


async def test_a_relay_that_dies_between_signal_and_mark_delivers_again(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    event = an_event()

    class Dies(Exception):
        pass

    class DiesAfterTheSignal(Relay):
        async def _signal(self, target: str, event: Any) -> None:
            await super()._signal(target, event)
            raise Dies

    await temporal_client.start_workflow(
        Listener.run, id=f"deposit-{event.payment_id}", task_queue=QUEUE
    )
    await Inbox(pool).store([event])
    with pytest.raises(Dies):
        await DiesAfterTheSignal(pool, temporal_client).sweep()
    assert (await row_of(pool, event))["delivered_at"] is None
    await due_now(owner, event)
    await Relay(pool, temporal_client).sweep()
    assert (await row_of(pool, event))["delivered_at"] is not None


async def test_two_relays_at_once_deliver_an_event_once(
    pool: asyncpg.Pool, temporal_client: Client
) -> None:
    events = [an_event() for _ in range(20)]
    for event in events:
        await temporal_client.start_workflow(
            Listener.run, id=f"deposit-{event.payment_id}", task_queue=QUEUE
        )
    await Inbox(pool).store(events)
    await asyncio.gather(*(Relay(pool, temporal_client).sweep() for _ in range(2)))
    for event in events:
        row = await row_of(pool, event)
        assert row["attempts"] == 1
        assert row["delivered_at"] is not None
