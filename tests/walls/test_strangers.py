"""Runs that have not their own name, and runs of a stranger's own workers."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.sealing import plain
from tests.walls.house import House, a_player
from tests.workflows import orders
from workflows.domain.cases import CaseOrder
from workflows.domain.identity import CASE_RESOLUTION, LATE_EVENT, late_workflow_id, workflow_of
from workflows.domain.money import Money
from workflows.domain.psp import PayoutInstruction, RefundInstruction
from workflows.domain.seals import Vouched, digest_of
from workflows.domain.wallet import Credit


async def _why_it_ended(house: House, name: str) -> str:
    async with asyncio.timeout(60):
        with pytest.raises(WorkflowFailureError) as failed:
            await house.client.get_workflow_handle(name).result()
    cause = failed.value.cause
    assert isinstance(cause, ApplicationError), cause
    assert await house.failed_tasks(name) == []
    return str(cause.type)


async def test_a_run_that_has_not_its_own_name_does_nothing(house: House) -> None:
    mine, other = uuid.uuid4().hex, uuid.uuid4().hex
    case = CaseOrder(case_id=f"case_{mine}", payment_id=f"in_{mine}", brand="acme", trace_id="t")
    given: list[tuple[str, Any, str]] = [
        ("deposit", orders.deposit(player=a_player()), str(workflow_of(f"in_{other}"))),
        ("payout", orders.payout(player=a_player()), str(workflow_of(f"po_{other}"))),
        ("refund", orders.refund("x", player=a_player()), str(workflow_of(f"re_{other}"))),
        (LATE_EVENT, f"in_{mine}", late_workflow_id(f"in_{other}")),
        (CASE_RESOLUTION, case, f"case-case_{other}"),
        ("payout", orders.payout(player=a_player()), f"like-{mine}"),
        (LATE_EVENT, f"in_{mine}", f"like-late-{mine}"),
    ]
    for kind, order, name in given:
        await house.client.start_workflow(kind, order, id=name, task_queue=house.queue)
        assert await _why_it_ended(house, name) == "NotItsName"


@workflow.defn(name="of-a-stranger")
class OfAStranger:
    @workflow.run
    async def run(self, activity: str, queue: str, what: Any) -> Any:
        return await workflow.execute_activity(
            activity,
            what,
            task_queue=queue,
            start_to_close_timeout=timedelta(seconds=20),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


async def test_no_run_of_a_stranger_moves_the_books(house: House) -> None:
    player, payment_id = a_player(), f"in_{uuid.uuid4().hex}"
    credit = Credit(
        key=f"{payment_id}:credit",
        player=player,
        amount=Money(300_000, "EUR"),
        source=house.first,
        payment_id=payment_id,
    )
    vouched = Vouched(payment_id=payment_id, case_id="case_1", by="the-cfo", content="{}")
    asked: list[tuple[str, Any]] = [
        ("wallet.credit", credit),
        ("seals.vouch", vouched),
        ("registry.recall", payment_id),
    ]
    async with _a_strangers_worker(house) as ask:
        for name, what in asked:
            why = await ask(name, house.queue, what, f"stranger-{uuid.uuid4().hex}")
            assert why == "NotOurRun", (name, why)
    assert await house.money(player) == (0, 0)


async def test_no_run_of_a_stranger_has_a_psp_asked(house: House) -> None:
    """Nor one that takes the name of the payment's own, once that was terminated: what waits for a
    second person waits for the database, too."""
    order = await house.payout(segment="vip")
    await house.start(order)
    await house.comes_to(order.payout_id, "PAYOUT_AWAITING_APPROVAL")
    pays = PayoutInstruction(
        key=f"{order.payout_id}:payout:1",
        account=house.first,
        amount=order.amount,
        trace_id="trace-1",
        method=order.method,
        destination=order.destination,
        player_id=order.player.id,
        order=digest_of(order),
    )
    own, queue = str(workflow_of(order.payout_id)), f"psp-{house.first.psp}"
    names = ("a-stranger", late_workflow_id(order.payout_id), f"case-case_{uuid.uuid4().hex}")
    async with _a_strangers_worker(house) as ask:
        for name in names:
            assert await ask("psp.payout", queue, pays, name) == "NotOurRun"
        await house.run(order.payout_id).terminate("an operator's button")
        for key in (pays.key, f"{order.payout_id}:case-payout"):
            assert await ask("psp.payout", queue, replace(pays, key=key), own) == "fenced"
        refunds = RefundInstruction(
            key=f"{order.payout_id}:case-refund",
            account=house.first,
            amount=order.amount,
            trace_id="trace-1",
            psp_ref="psp-1",
        )
        assert await ask("psp.refund", queue, refunds, names[-1]) == "fenced"
    assert [key for _, key in house.bank.asked if order.payout_id in key] == []


Asks = Callable[[str, str, Any, str], Awaitable[str]]


@asynccontextmanager
async def _a_strangers_worker(house: House) -> AsyncIterator[Asks]:
    """Has an activity of ours done by a run of a given name; tells how that ended."""
    client, queue = plain(house.client), f"strangers-{uuid.uuid4().hex}"

    async def ask(activity: str, at: str, what: Any, name: str) -> str:
        try:
            answer = await client.execute_workflow(
                "of-a-stranger", args=[activity, at, what], id=name, task_queue=queue
            )
        except WorkflowFailureError as failed:
            cause = failed.cause.__cause__
            assert isinstance(cause, ApplicationError), cause
            return str(cause.type)
        return str(answer["kind"])

    async with Worker(
        client,
        task_queue=queue,
        workflows=[OfAStranger],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        yield ask
