"""How often a PSP may be asked is changed live, is heeded by the server, and is written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.routing.health.rates import Rates
from infra.local.stack.ports import free_ports
from infra.settings import Temporal
from infra.temporal import connect
from tests.activities.routing.dying import a_psp


@pytest.fixture
def rates(books: asyncpg.Pool, temporal_client: Client) -> Rates:
    return Rates(books, temporal_client)


async def test_a_rate_is_heeded_by_the_queue_of_the_psp_and_told_with_its_reason(
    rates: Rates,
) -> None:
    psp = a_psp()
    before = await rates.rate(psp)
    assert (before.per_second, before.latest) == (None, None)
    await rates.put(psp, 2.3, reason="they ask us to", by="operator-1")
    now = await rates.rate(psp)
    assert now.per_second == 2.3
    assert now.latest is not None
    assert (now.latest.reason, now.latest.set_by) == ("they ask us to", "operator-1")
    assert (await rates.rate(a_psp())).per_second is None
    lifted = await rates.put(psp, None, reason="no more", by="operator-2")
    assert lifted.per_second is None
    assert [change.per_second for change in await rates.history(psp)] == [None, 2.3]


async def test_a_rate_that_cannot_be_applied_is_written_down_and_not_shown_as_heeded(
    books: asyncpg.Pool, rates: Rates
) -> None:
    psp = a_psp()
    nowhere = await connect(Temporal(address=f"127.0.0.1:{free_ports(1)[0]}"), lazy=True)
    with pytest.raises(RuntimeError):
        await Rates(books, nowhere).put(psp, 5, reason="too fast", by="operator-1")
    found = await rates.rate(psp)
    assert found.per_second is None
    assert found.latest is not None
    assert found.latest.per_second == 5


async def test_a_rate_is_above_nothing(rates: Rates) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await rates.put(a_psp(), 0, reason="stop", by="operator-1")


@workflow.defn(name="asks-a-lot")
class AsksALot:
    @workflow.run
    async def run(self, queue: str, times: int) -> None:
        await asyncio.gather(
            *(
                workflow.execute_activity(
                    "count", task_queue=queue, start_to_close_timeout=timedelta(seconds=5)
                )
                for _ in range(times)
            )
        )


async def test_a_limit_holds_a_queue_up_and_its_end_lets_it_go_while_workers_run(
    rates: Rates, temporal_client: Client
) -> None:
    psp = a_psp()
    served = 0

    @activity.defn(name="count")
    async def count() -> None:
        nonlocal served
        served += 1

    runs: dict[str, Any] = {"workflow_runner": UnsandboxedWorkflowRunner()}
    calls: list[Callable[..., Any]] = [count]
    # One in a quarter of an hour: whatever is served above the first burst is no question of time.
    await rates.put(psp, 0.001, reason="slowly", by="operator-1")
    async with (
        Worker(temporal_client, task_queue=f"{psp}-runs", workflows=[AsksALot], **runs),
        Worker(temporal_client, task_queue=f"psp-{psp}", activities=calls),
    ):
        run = await temporal_client.start_workflow(
            AsksALot.run, args=[f"psp-{psp}", 20], id=psp, task_queue=f"{psp}-runs"
        )
        await asyncio.sleep(2)
        held_up = served
        await rates.put(psp, None, reason="go on", by="operator-1")
        await asyncio.wait_for(run.result(), timeout=60)
    assert held_up < 10
    assert served == 20
