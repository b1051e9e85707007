"""Events, runs that listen to them, and relays whose signals have a fault."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.inbox.relay import Relay
from activities.inbox.signals import Signals
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Operation
from workflows.domain.seals import Seal

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
    def psp_event(self, event: PspEvent, _: Seal) -> None:
        self.heard.append(event)

    @workflow.signal
    def stop(self) -> None:
        self.stopped = True


Handle = WorkflowHandle[Any, Any]


def an_event(payment_id: str = "", event_id: str = "") -> PspEvent:
    """Each of its own moment, so that none repeats another."""
    payment_id = payment_id or f"in_{uuid.uuid4().hex}"
    money = Money(5000, "EUR")
    return PspEvent(
        psp="sandbox",
        event_id=event_id or f"evt-{uuid.uuid4().hex}",
        key=f"{payment_id}:authorize:1",
        operation=Operation.AUTHORIZE,
        reply=Approved("auth-1", money),
        amount=money,
        occurred_at=datetime.now(UTC).isoformat(),
    )


async def row_of(pool: asyncpg.Pool, event: PspEvent) -> asyncpg.Record:
    row = await pool.fetchrow("SELECT * FROM inbox_events WHERE event_id = $1", event.event_id)
    assert row is not None
    return row


async def cases_of(pool: asyncpg.Pool, event: PspEvent) -> list[asyncpg.Record]:
    cases: list[asyncpg.Record] = await pool.fetch(
        "SELECT * FROM cases WHERE payment_id = $1 ORDER BY opened_at", event.payment_id
    )
    return cases


async def opened(owner: asyncpg.Pool, event: PspEvent, *, final: bool = False) -> None:
    """The registry knows the event's payment."""
    await owner.execute(
        "INSERT INTO payments (id, kind, brand, region, player_id, currency, amount_minor, method,"
        " status, version, final, trace_id, requester, details, run_order, facts, created_at,"
        " updated_at) VALUES ($1, 'listener', 'acme', 'eu', 'player-1', 'EUR', 5000, 'card',"
        " 'INITIATED', 1, $2, 'trace-1', 'tests', '{}', '{}', '{}', now(), now())"
        " ON CONFLICT (id) DO UPDATE SET final = $2",
        event.payment_id,
        final,
    )


async def run_for(client: Client, owner: asyncpg.Pool, event: PspEvent) -> Handle:
    """A run that takes the event, and its payment."""
    await opened(owner, event)
    return await client.start_workflow(
        Listener.run, id=f"deposit-{event.payment_id}", task_queue=QUEUE
    )


async def heard_by(client: Client, handle: Handle) -> list[PspEvent]:
    """What the run was told until now; it ends."""
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[Listener],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        await handle.signal(Listener.stop)
        heard: list[PspEvent] = await handle.result()
        return heard


async def due_now(owner: asyncpg.Pool, event: PspEvent) -> None:
    await owner.execute(
        "UPDATE inbox_events SET next_at = now() WHERE event_id = $1", event.event_id
    )


async def received_ago(owner: asyncpg.Pool, event: PspEvent, hours: int) -> None:
    await owner.execute(
        "UPDATE inbox_events SET received_at = now() - make_interval(hours => $2), next_at = now() "
        "WHERE event_id = $1",
        event.event_id,
        hours,
    )


async def until_delivered(pool: asyncpg.Pool, *events: PspEvent) -> float:
    """Seconds from commit to mark, of the slowest. Raises TimeoutError."""
    async with asyncio.timeout(60):
        while True:
            rows = [await row_of(pool, event) for event in events]
            if all(row["delivered_at"] for row in rows):
                took = [(r["delivered_at"] - r["received_at"]).total_seconds() for r in rows]
                return float(max(took))
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Dies(BaseException):
    """As if the process were killed."""


class Refuses(Signals):
    """They end in this status."""

    status = RPCStatusCode.INVALID_ARGUMENT

    async def signal(self, target: str, row: asyncpg.Record) -> None:
        raise RPCError("no", self.status, b"")


class AnswersSlowly(Signals):
    """Those of one payment take long."""

    slow = ""

    async def signal(self, target: str, row: asyncpg.Record) -> None:
        if target.endswith(self.slow):
            await asyncio.sleep(2.5)
        await super().signal(target, row)


class DiesAfterTheSignal(Signals):
    async def signal(self, target: str, row: asyncpg.Record) -> None:
        await super().signal(target, row)
        raise Dies
