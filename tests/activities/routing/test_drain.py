"""Parked payments go on when their stop is lifted: each once, the oldest first, at a rate."""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import timedelta

import asyncpg
import pytest
import structlog
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.routing.stopping.drain import Drainer
from activities.routing.stopping.resumes import Resumes
from activities.routing.stopping.stops import Stops
from infra.local.stack.ports import free_ports
from infra.settings import Temporal
from infra.temporal import connect
from tests.activities.routing.dying import a_psp
from tests.activities.routing.parked import (
    PAYOUTS,
    Sink,
    draining,
    goes,
    lift,
    ready,
    stop,
    until_released,
)


@pytest.fixture(autouse=True)
async def _quiet(owner_of_books: asyncpg.Pool) -> None:
    """What other tests left waiting is none of theirs."""
    await owner_of_books.execute(
        "UPDATE routing_parked SET released_at = coalesce(released_at, now()), told_at = now() "
        "WHERE told_at IS NULL"
    )


async def parked(books: asyncpg.Pool, owner: asyncpg.Pool, psp: str, count: int) -> list[str]:
    """So many payments, in the order in which they parked."""
    payments = [await ready(owner, psp) for _ in range(count)]
    for payment_id in payments:
        assert not await goes(books, payment_id, psp)
    return payments


async def test_three_hundred_are_let_go_once_each_and_in_order_by_two_drainers(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool
) -> None:
    psp, sink = a_psp(), Sink()
    stopped = await stop(books, psp=psp)
    payments = await parked(books, owner_of_books, psp, 300)
    await lift(books, stopped.id, per_second=200)
    began = time.monotonic()
    async with draining(Drainer(books, sink), Drainer(books, sink)):
        drained = await until_released(books, stopped.id, 300)
    assert sorted(sink.taken) == sorted(payments)
    assert drained.waiting == 0
    # Never faster than the rate, whoever drains.
    assert time.monotonic() - began >= 1.0
    in_order = await books.fetch(
        "SELECT payment_id FROM routing_parked WHERE stop_id = $1 "
        "ORDER BY released_at, parked_at, payment_id",
        stopped.id,
    )
    assert [row["payment_id"] for row in in_order] == payments
    assert {p: await goes(books, p, psp) for p in payments[::50]} == dict.fromkeys(
        payments[::50], True
    )


async def test_a_rate_below_one_in_a_second_is_kept_too(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool
) -> None:
    psp, sink = a_psp(), Sink()
    stopped = await stop(books, psp=psp)
    payments = await parked(books, owner_of_books, psp, 2)
    await lift(books, stopped.id, per_second=0.3)
    drainer = Drainer(books, sink)
    for goes_by, count in ((0, 0), (3, 0), (0.4, 1), (3, 1), (0.4, 2)):
        await owner_of_books.execute(
            "UPDATE routing_stops SET drained_until = drained_until - make_interval(secs => $2) "
            "WHERE id = $1",
            stopped.id,
            goes_by,
        )
        await drainer.drain()
        assert sink.taken == payments[:count]


async def test_what_was_not_taken_in_time_is_not_made_up_for(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool
) -> None:
    psp, sink = a_psp(), Sink()
    stopped = await stop(books, psp=psp)
    await parked(books, owner_of_books, psp, 20)
    await lift(books, stopped.id, per_second=5)
    await owner_of_books.execute(
        "UPDATE routing_stops SET drained_until = now() - interval '1 hour' WHERE id = $1",
        stopped.id,
    )
    await Drainer(books, sink).drain()
    assert len(sink.taken) == 5


_ONE_ROW = """
SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', 'routing_parked',
    'relpages', 1, 'reltuples', 1.0::real)
"""
"""The database believes that little is parked: it was counted before much was."""


async def test_no_plan_of_the_database_lets_go_more_than_the_rate(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool
) -> None:
    """A subquery with a limit, run again for each row, passes over what it has locked."""
    psp = a_psp()
    stopped = await stop(books, psp=psp)
    await parked(books, owner_of_books, psp, 20)
    await lift(books, stopped.id, per_second=5)
    await owner_of_books.execute(
        "UPDATE routing_stops SET drained_until = now() - interval '1 hour' WHERE id = $1",
        stopped.id,
    )
    async with owner_of_books.acquire() as connection, connection.transaction():
        await connection.execute(_ONE_ROW)
        taken = await connection.fetch("SELECT * FROM routing_drain(100, 10)")
    assert len([row for row in taken if row["stop"] == stopped.id]) == 5


async def test_what_waits_its_turn_is_not_let_through_and_what_never_parked_is(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool
) -> None:
    psp = a_psp()
    stopped = await stop(books, psp=psp)
    (waits,) = await parked(books, owner_of_books, psp, 1)
    await lift(books, stopped.id, per_second=1)
    assert not await goes(books, waits, psp)
    assert await goes(books, await ready(owner_of_books, psp), psp)


async def test_a_stop_that_is_set_again_ends_the_draining_of_what_it_covers(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool
) -> None:
    psp, sink = a_psp(), Sink()
    first = await stop(books, psp=psp)
    payments = await parked(books, owner_of_books, psp, 4)
    bravo = await ready(owner_of_books, psp, brand="bravo")
    assert not await goes(books, bravo, psp, brand="bravo")
    await lift(books, first.id, per_second=1000)
    again = await stop(books, psp=psp, brand="acme")
    await asyncio.sleep(0.05)
    await Drainer(books, sink).drain()
    assert sink.taken == [bravo]
    assert [w.payment_id for w in await Stops(books).waiting(again.id)] == payments
    await lift(books, again.id, per_second=1000)
    await asyncio.sleep(0.05)
    await Drainer(books, sink).drain()
    assert sink.taken == [bravo, *payments]


async def test_what_was_released_and_never_told_is_told_by_the_next_one(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool
) -> None:
    psp, sink = a_psp(), Sink()
    stopped = await stop(books, psp=psp)
    payments = await parked(books, owner_of_books, psp, 3)
    await lift(books, stopped.id)
    await asyncio.sleep(0.05)

    async def dies(payment_id: str) -> bool:
        raise RuntimeError("the worker is gone")

    assert await Drainer(books, dies, lease_seconds=0.1).drain() == (3, 0)
    # It may go, should it ask by itself.
    assert await goes(books, payments[0], psp)
    await Drainer(books, sink).drain()
    assert sink.taken == []
    await asyncio.sleep(0.15)
    await Drainer(books, sink).drain()
    assert sorted(sink.taken) == sorted(payments[1:])


async def test_a_payment_that_ended_while_it_was_parked_counts_no_more(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool
) -> None:
    psp, sink = a_psp(), Sink()
    stopped = await stop(books, PAYOUTS, psp=psp)
    payment_id = await ready(owner_of_books, psp, PAYOUTS)
    assert not await goes(books, payment_id, psp, operation=PAYOUTS)
    await owner_of_books.execute("UPDATE payments SET final = true WHERE id = $1", payment_id)
    found = await Stops(books).stop(stopped.id)
    assert found is not None
    assert found.waiting == 0
    sink.is_over.add(payment_id)
    await lift(books, stopped.id)
    await asyncio.sleep(0.05)
    await Drainer(books, sink).drain()
    over = "SELECT run_over FROM routing_parked WHERE payment_id = $1"
    assert await books.fetchval(over, payment_id) is True


# --- real runs --------------------------------------------------------------------------------


@workflow.defn(name="parked-run")
class ParkedRun:
    """Counts how often it is resumed, and rests for a moment longer to hear of more."""

    def __init__(self) -> None:
        self._resumed = 0

    @workflow.run
    async def run(self) -> int:
        await workflow.wait_condition(lambda: self._resumed > 0)
        await workflow.sleep(timedelta(milliseconds=200))
        return self._resumed

    @workflow.signal
    def resume(self) -> None:
        self._resumed += 1


async def test_runs_are_resumed_once_each_and_one_that_is_over_is_marked(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool, temporal_client: Client
) -> None:
    psp, queue = a_psp(), f"parked-{uuid.uuid4().hex[:8]}"
    stopped = await stop(books, psp=psp)
    payments = await parked(books, owner_of_books, psp, 20)
    handles = [
        await temporal_client.start_workflow(
            ParkedRun.run, id=f"deposit-{payment_id}", task_queue=queue
        )
        for payment_id in payments[:-1]
    ]
    await lift(books, stopped.id, per_second=100)
    runner = UnsandboxedWorkflowRunner()
    tell = Resumes(temporal_client)
    async with (
        Worker(temporal_client, task_queue=queue, workflows=[ParkedRun], workflow_runner=runner),
        draining(Drainer(books, tell), Drainer(books, tell)),
    ):
        await until_released(books, stopped.id, 20)
        assert [await handle.result() for handle in handles] == [1] * 19
    over = await books.fetch(
        "SELECT payment_id FROM routing_parked WHERE stop_id = $1 AND run_over", stopped.id
    )
    assert [row["payment_id"] for row in over] == payments[-1:]


async def test_while_temporal_is_away_nothing_is_lost(
    books: asyncpg.Pool, owner_of_books: asyncpg.Pool, temporal_client: Client
) -> None:
    psp, sink = a_psp(), Sink()
    stopped = await stop(books, psp=psp)
    payments = await parked(books, owner_of_books, psp, 3)
    await lift(books, stopped.id)
    nowhere = await connect(Temporal(address=f"127.0.0.1:{free_ports(1)[0]}"), lazy=True)
    away = Drainer(books, Resumes(nowhere), lease_seconds=0.2)
    with structlog.testing.capture_logs() as lines:
        async with draining(away):
            await asyncio.sleep(0.5)
    assert any(line["event"] == "resume_failed" for line in lines)
    found = await Stops(books).stop(stopped.id)
    assert found is not None
    assert found.released == 0
    async with draining(Drainer(books, sink, lease_seconds=0.2)):
        await until_released(books, stopped.id, 3)
    assert sorted(sink.taken) == sorted(payments)


async def test_an_outage_of_the_database_is_waited_out() -> None:
    nowhere = f"postgresql://nobody:nothing@127.0.0.1:{free_ports(1)[0]}/none"
    drainer = Drainer(asyncpg.create_pool(nowhere, min_size=0), Sink())
    with structlog.testing.capture_logs() as lines:
        async with draining(drainer):
            await asyncio.sleep(0.2)
    assert [line["event"] for line in lines] == ["drain_unreachable"]
