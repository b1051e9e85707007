"""The registry against real runs: who runs without a payment, who has no run, who gets nowhere."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.audit.progress import ATTEMPTS_AT_MOST, FAILURES_AT_MOST, Progress
from activities.audit.report import Finding
from activities.audit.runs import Runs
from infra.local.stack.ports import free_ports
from infra.local.stack.temporal import LocalTemporal
from infra.settings import Temporal
from infra.temporal import connect
from tests.activities.audit.conftest import Books
from tests.activities.audit.processes import Asking, Broken, Waiting, refuses
from workers.assembly import workflow_runner


@pytest.fixture(scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """Of a server of our own: on a shared one other tests' runs have no payment here."""
    log = tmp_path_factory.mktemp("temporal") / "temporal.log"
    server = LocalTemporal(None, free_ports(1)[0], log=log)
    await server.start()
    try:
        yield await connect(Temporal(address=server.address))
    finally:
        await server.stop()


@pytest.fixture
async def queue(client: Client) -> AsyncIterator[str]:
    name = f"audit-{uuid.uuid4().hex[:12]}"
    async with Worker(
        client,
        task_queue=name,
        workflows=[Waiting, Broken, Asking],
        activities=[refuses],
        workflow_runner=workflow_runner(sandboxed=True),
    ):
        yield name
    async for running in client.list_workflows("ExecutionStatus = 'Running'"):
        await client.get_workflow_handle(running.id).terminate()
    await seen(client, 0)


async def seen(client: Client, runs: int, query: str = "ExecutionStatus = 'Running'") -> None:
    """Until the list of runs, which lags behind, has so many."""
    async with asyncio.timeout(60):
        while (await client.count_workflows(query)).count != runs:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def until_attempt(handle: WorkflowHandle[Any, Any], number: int) -> None:
    """Of its workflow task, or of its activity."""
    async with asyncio.timeout(60):
        while True:
            description = (await handle.describe()).raw_description
            attempts = [activity.attempt for activity in description.pending_activities]
            if max(description.pending_workflow_task.attempt, *attempts, 0) >= number:
                return
            await asyncio.sleep(0.05)


async def start(client: Client, queue: str, kind: str, payment: str) -> WorkflowHandle[Any, Any]:
    return await client.start_workflow(
        kind, id=f"{kind}-{payment}", task_queue=queue, task_timeout=timedelta(seconds=1)
    )


async def audited(
    books: Books, client: Client, patience: timedelta = timedelta(0), at_most: int = 100
) -> list[Finding]:
    runs = Runs(books.pool, client, patience, at_most)
    running = await runs.running()
    return [
        await runs.of_every_payment(running),
        await runs.without_payment(running),
        await Progress(client, at_most).getting_nowhere(running),
    ]


async def test_payments_and_runs_that_belong_together_are_sound(
    kept: Books, client: Client, queue: str
) -> None:
    await start(client, queue, "deposit", "in_o")
    await start(client, queue, "payout", "po_c")
    await seen(client, 2)
    found = await audited(kept, client)
    assert [each for each in found if not each.holds] == []
    assert found[0].compared == "2 payments under way, 2 runs, 0 about to start, 0 with a case"
    assert found[2].compared == "2 of 2 runs looked at, 0 reported"


async def test_a_payment_without_a_run_is_found(kept: Books, client: Client, queue: str) -> None:
    await start(client, queue, "payout", "po_c")
    ended = await start(client, queue, "deposit", "in_o")
    await ended.terminate()
    await seen(client, 1)
    payments, _, _ = await audited(kept, client)
    assert payments.violations == ["in_o (INITIATED): no run deposit-in_o"]


async def test_a_payment_that_was_only_just_opened_is_about_to_start(
    kept: Books, client: Client, queue: str
) -> None:
    payments, _, _ = await audited(kept, client, patience=timedelta(minutes=5))
    assert payments.holds
    assert "2 about to start" in payments.compared


async def test_a_payment_without_a_run_that_has_a_case_has_an_owner(
    kept: Books, client: Client, queue: str
) -> None:
    await kept.forge(
        "INSERT INTO cases (key, payment_id, brand, kind, summary, facts) "
        "SELECT id, id, brand, 'in_doubt', '', '{}' FROM payments WHERE id IN ('in_o', 'po_c')"
    )
    payments, _, _ = await audited(kept, client)
    assert payments.holds
    assert "2 with a case" in payments.compared


async def test_a_run_that_the_list_does_not_show_yet_is_asked_for(
    kept: Books, client: Client, queue: str
) -> None:
    for kind, payment in (("deposit", "in_o"), ("payout", "po_c")):
        await start(client, queue, kind, payment)
    payments = await Runs(kept.pool, client, timedelta(0), 100).of_every_payment([])
    assert payments.holds


async def test_a_run_without_a_payment_is_found(kept: Books, client: Client, queue: str) -> None:
    await start(client, queue, "deposit", "in_nobodys")
    await seen(client, 1)
    _, runs, _ = await audited(kept, client)
    assert runs.violations == ["deposit-in_nobodys: no such payment"]


async def test_a_run_that_outlives_its_payment_is_found(
    kept: Books, client: Client, queue: str
) -> None:
    await start(client, queue, "deposit", "in_a")
    await seen(client, 1)
    assert (await audited(kept, client, patience=timedelta(minutes=5)))[1].holds
    _, runs, _ = await audited(kept, client)
    assert runs.violations == ["deposit-in_a: its payment is over"]


async def test_a_workflow_task_that_fails_for_ever_is_found(
    kept: Books, client: Client, queue: str
) -> None:
    handle = await start(client, queue, "refund", "re_a")
    await until_attempt(handle, FAILURES_AT_MOST)
    await seen(client, 1)
    _, _, nowhere = await audited(kept, client)
    [named] = nowhere.violations
    assert re.fullmatch("refund-re_a: its workflow task is at attempt [3-6]: a bug", named)


async def test_an_activity_beyond_its_bound_is_found(
    kept: Books, client: Client, queue: str
) -> None:
    handle = await start(client, queue, "deposit", "in_o")
    await handle.signal("ask")
    await until_attempt(handle, ATTEMPTS_AT_MOST + 1)
    await seen(client, 1)
    _, _, nowhere = await audited(kept, client)
    [named] = nowhere.violations
    assert named.startswith("deposit-in_o: audit.refuses is at attempt ")
