"""What comes when a payment is over is told to a run that sees to it, until that run has it."""

from __future__ import annotations

import uuid

import asyncpg
import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.inbox.inbox import Inbox
from activities.inbox.relay import Relay
from activities.inbox.signals import Signals
from tests.activities.listening import Dies, due_now, opened, row_of, running, until_delivered
from tests.activities.listening import an_event as event_of
from tests.sealing import SEALS
from workflows.domain.events import PspEvent
from workflows.domain.identity import LATE_EVENT, late_workflow_id
from workflows.domain.seals import Seal

QUEUE = f"late-{uuid.uuid4().hex[:12]}"


@workflow.defn(name=LATE_EVENT)
class Hearer:
    """Takes what it is told, and ends."""

    def __init__(self) -> None:
        self.heard: list[PspEvent] = []

    @workflow.run
    async def run(self, payment_id: str) -> list[str]:
        return [event.event_id for event in self.heard]

    @workflow.signal
    def psp_event(self, event: PspEvent, _: Seal) -> None:
        self.heard.append(event)


class DiesAfterTelling(Signals):
    async def signal_late(self, row: asyncpg.Record) -> None:
        await super().signal_late(row)
        raise Dies


@pytest.fixture(autouse=True)
async def _quiet(owner: asyncpg.Pool) -> None:
    """What other tests left behind is none of theirs."""
    await owner.execute(
        "UPDATE inbox_events SET parked = 'left' WHERE delivered_at IS NULL AND parked IS NULL"
    )


async def heard_by_late_run(client: Client, event: PspEvent) -> list[str]:
    hearing = Worker(
        client,
        task_queue=QUEUE,
        workflows=[Hearer],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with hearing:
        handle = client.get_workflow_handle(late_workflow_id(event.payment_id), result_type=list)
        heard: list[str] = await handle.result()
    return heard


async def a_late_one(pool: asyncpg.Pool, owner: asyncpg.Pool, payment_id: str = "") -> PspEvent:
    event = event_of(payment_id)
    await opened(owner, event, final=True)
    await Inbox(pool).store([event])
    return event


async def test_several_facts_about_a_payment_that_is_over_reach_one_run(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    first = await a_late_one(pool, owner)
    second = await a_late_one(pool, owner, first.payment_id)
    async with running(Relay(pool, Signals(temporal_client, QUEUE, SEALS))):
        await until_delivered(pool, first, second)
    heard = await heard_by_late_run(temporal_client, first)
    assert sorted(heard) == sorted([first.event_id, second.event_id])
    assert (await row_of(pool, first))["parked"] is None


async def test_a_fact_after_that_run_has_ended_starts_another(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    relay = Relay(pool, Signals(temporal_client, QUEUE, SEALS))
    first = await a_late_one(pool, owner)
    await relay.sweep()
    assert await heard_by_late_run(temporal_client, first) == [first.event_id]
    second = await a_late_one(pool, owner, first.payment_id)
    await relay.sweep()
    assert await heard_by_late_run(temporal_client, second) == [second.event_id]


async def test_a_relay_that_dies_after_telling_tells_again(
    pool: asyncpg.Pool, owner: asyncpg.Pool, temporal_client: Client
) -> None:
    event = await a_late_one(pool, owner)
    with pytest.raises(Dies):
        await Relay(pool, DiesAfterTelling(temporal_client, QUEUE, SEALS)).sweep()
    assert (await row_of(pool, event))["delivered_at"] is None
    await due_now(owner, event)
    await Relay(pool, Signals(temporal_client, QUEUE, SEALS)).sweep()
    assert (await row_of(pool, event))["delivered_at"] is not None
    heard = await heard_by_late_run(temporal_client, event)
    assert set(heard) == {event.event_id}
