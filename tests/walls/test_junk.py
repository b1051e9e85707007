"""Anybody who reaches Temporal can send anything to any run: the run goes on, and hears what is
genuine; what was put aside is a case."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from activities.cases.books import CaseBooks
from activities.registry.runs import start_run
from tests.walls import stories
from tests.walls.house import House
from tests.walls.strangers import Stranger, late_fact, odd_facts
from workflows.domain.cases import Action, CaseOrder, Proposal, Stage
from workflows.domain.escalations import CaseKind, NewCase
from workflows.domain.identity import LATE_EVENT, late_workflow_id, workflow_of
from workflows.domain.money import Money
from workflows.domain.psp import Operation
from workflows.domain.records import Record
from workflows.starting import start_of


async def _put_aside(house: House, payment_id: str) -> set[str]:
    return {case["kind"] for case in await house.cases(payment_id)}


PAYMENTS = {
    "opened": (stories.opened, stories._authorize, "CAPTURED"),
    "challenged": (stories.challenged, stories._complete, "CAPTURED"),
    "held": (stories._held, stories._capture, "CAPTURED"),
    "payout": (stories.awaiting, stories._approve, "PAYOUT_SETTLED"),
    "refund": (stories.refund_promised, stories._by_word, "REFUND_PROCESSED"),
}


@pytest.mark.parametrize("kind", PAYMENTS)
async def test_junk_stops_no_run_and_the_next_genuine_word_is_heard(
    house: House, kind: str
) -> None:
    play, end, status = PAYMENTS[kind]
    payment_id = await play(house)
    run = str(workflow_of(payment_id))
    await Stranger(house).sends_everything(run)
    assert await house.is_running(run), await house.run(payment_id).result()
    signals = (house.run(payment_id).signal("psp_event", f) for f in odd_facts(house, payment_id))
    await asyncio.gather(*signals)
    await house.tell(payment_id, "nobody_knows_it")
    assert await house.is_running(run), await house.run(payment_id).result()
    house.bank.moods.pop(payment_id, None)
    for _ in range(10):
        await end(house, payment_id)
        if not await house.is_running(run):
            break
        await asyncio.sleep(0.5)
    assert (await house.agrees(payment_id)).status == status
    assert "unreadable" in await _put_aside(house, payment_id)


async def test_junk_stops_no_late_event_run(house: House) -> None:
    payment_id = await stories.cancelled_before(house)
    await house.ended(payment_id)
    gate = house.bank.will_hold(payment_id, Operation.VOID)
    run = late_workflow_id(payment_id)
    hold = late_fact(house, payment_id)
    await house.client.start_workflow(
        LATE_EVENT,
        payment_id,
        id=run,
        task_queue=house.queue,
        start_signal="psp_event",
        start_signal_args=[hold],
    )
    async with asyncio.timeout(60):
        await gate.reached.wait()
    await Stranger(house).sends_everything(run)
    late = house.client.get_workflow_handle(run, result_type=list[str])
    await asyncio.gather(*(late.signal("psp_event", f) for f in odd_facts(house, payment_id)))
    await late.signal("psp_event", late_fact(house, payment_id, "psp-8", number=2))
    gate.opened.set()
    async with asyncio.timeout(60):
        came_to = await late.result()
    assert sum("a hold that nobody wants" in line for line in came_to) == 2
    assert house.bank.done(payment_id)["void"] == 2
    assert await house.failed_tasks(run) == []
    assert "unreadable" in await _put_aside(house, payment_id)


async def test_junk_stops_no_resolution_of_a_case(house: House) -> None:
    payment_id = await stories.cancelled_before(house)
    await house.ended(payment_id)
    case_id = await a_case(house, payment_id)
    order = CaseOrder(case_id=case_id, payment_id=payment_id, brand="acme", trace_id="trace-1")
    await start_run(house.client, house.queue, order)
    run = start_of(order).id
    await Stranger(house).sends_everything(run)
    handle = house.client.get_workflow_handle(run)
    await asyncio.gather(*(handle.signal("psp_event", f) for f in odd_facts(house, payment_id)))
    assert await house.is_running(run)
    proposal = Proposal(
        id=uuid.uuid4().hex, action=Action.DISMISS, amount=None, reason="seen", by="ann"
    )
    done = await handle.execute_update("propose", proposal, result_type=Record)
    assert done.status == Stage.RESOLVED
    assert await house.failed_tasks(run) == []


async def a_case(
    house: House,
    payment_id: str,
    at_risk: Money = Money(5000, "EUR"),  # noqa: B008 - a value
) -> str:
    key = f"{payment_id}:{uuid.uuid4().hex}"
    await CaseBooks(house.pool, {}).open(
        NewCase(
            key=key,
            payment_id=payment_id,
            kind=CaseKind.UNEXPECTED_EVENT,
            summary="look",
            money_at_risk=at_risk,
            facts={},
        )
    )
    return str(await house.pool.fetchval("SELECT id FROM cases WHERE key = $1", key))
