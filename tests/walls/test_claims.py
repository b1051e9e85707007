"""A case's remedy is ordered, and its run is lost or reset: it is done once, never its opposite."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass

import pytest

from tests.api.callers import Caller, slug
from tests.walls import stories
from tests.walls.bank import Mood
from tests.walls.house import ALL, NOTHING, House
from tests.walls.strangers import late_fact
from tests.walls.waiting import until
from workflows.domain.cases import remedy_key_of
from workflows.domain.events import PspEvent
from workflows.domain.identity import LATE_EVENT, late_workflow_id, workflow_of
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Operation

CASES = "/v1/cases"
FIFTY = Money(5000, "EUR")


@dataclass(frozen=True)
class Contradiction:
    """A capture that came to light when its deposit was over."""

    payment_id: str
    case_id: str

    @property
    def run(self) -> str:
        return str(workflow_of(self.case_id))


async def contradicted(house: House) -> Contradiction:
    payment_id = await stories.cancelled_before(house)
    await house.ended(payment_id)
    return Contradiction(payment_id, await captured_late(house, payment_id))


async def captured_late(house: House, payment_id: str) -> str:
    """Gives the id of the case."""
    before = {case["id"] for case in await house.cases(payment_id)}
    fact = PspEvent(
        psp=house.first.psp,
        event_id=f"evt-{uuid.uuid4().hex}",
        key=f"{payment_id}:capture",
        operation=Operation.CAPTURE,
        reply=Approved("psp-late", FIFTY),
        amount=FIFTY,
        account=house.first.id,
    )
    await tell_late(house, payment_id, fact)
    [case_id] = {case["id"] for case in await house.cases(payment_id)} - before
    return str(case_id)


async def tell_late(house: House, payment_id: str, fact: PspEvent) -> None:
    run = await house.client.start_workflow(
        LATE_EVENT,
        payment_id,
        id=late_workflow_id(payment_id),
        task_queue=house.queue,
        start_signal="psp_event",
        start_signal_args=[fact],
    )
    await run.result()


async def order(operator: Caller, case_id: str, action: str) -> tuple[int, str]:
    answer = await operator.post(
        f"{CASES}/{case_id}/resolutions", {"action": action, "reason": "seen"}
    )
    return answer.status_code, answer.text


async def may(operator: Caller, case_id: str) -> list[str]:
    shown: list[str] = (await operator.get(f"{CASES}/{case_id}")).json()["allowed_actions"]
    return shown


async def lost_behind_its_claim(house: House, operator: Caller, case: Contradiction) -> None:
    """A refund was ordered and claimed; then the power went, before the PSP was asked."""
    house.bank.moods[case.payment_id] = Mood.DOWN
    ordering = asyncio.ensure_future(order(operator, case.case_id, "refund"))
    key = remedy_key_of(case.payment_id)

    async def is_claimed() -> bool:
        return (await house.books.recall(case.payment_id)).attempt(key) is not None

    await until(is_claimed, "claimed", pause=0.005)
    await power_goes(house, case, ordering)
    house.bank.moods.pop(case.payment_id)


async def power_goes(
    house: House, case: Contradiction, ordering: asyncio.Future[tuple[int, str]]
) -> None:
    """With the run, and with whoever waited for it."""
    ordering.cancel()
    await asyncio.gather(ordering, return_exceptions=True)
    await house.client.get_workflow_handle(case.run).terminate("the power went")


async def credited(house: House, payment_id: str) -> int:
    count: int = await house.pool.fetchval(
        "SELECT count(*) FROM transfers WHERE payment_id = $1 AND kind = 'credit'", payment_id
    )
    return count


async def test_a_remedy_whose_run_was_lost_behind_its_claim_can_be_ordered_again(
    house: House, operator: Caller
) -> None:
    case = await contradicted(house)
    await lost_behind_its_claim(house, operator, case)
    assert await may(operator, case.case_id) == ["credit", "refund", "dismiss"]
    status, text = await order(operator, case.case_id, "refund")
    assert status == 201, text
    assert house.bank.done(case.payment_id)["refund"] == 1
    assert await credited(house, case.payment_id) == 0


async def test_another_case_about_that_money_finds_it_decided(
    house: House, operator: Caller
) -> None:
    case = await contradicted(house)
    await lost_behind_its_claim(house, operator, case)
    other = await captured_late(house, case.payment_id)
    assert await may(operator, other) == ["dismiss"]
    status, _ = await order(operator, other, "credit")
    assert status == 422
    assert await credited(house, case.payment_id) == 0


async def test_a_refund_that_may_have_been_done_excludes_the_credit(
    house: House, operator: Caller
) -> None:
    case = await contradicted(house)
    house.bank.moods[case.payment_id] = Mood.LOSES_ANSWERS
    ordering = asyncio.ensure_future(order(operator, case.case_id, "refund"))
    await until(lambda: stories._is_done(house, case.payment_id, "refund"), "refunded")
    await power_goes(house, case, ordering)
    status, text = await order(operator, case.case_id, "credit")
    assert status == 409, text
    assert "another" in text
    house.bank.moods.pop(case.payment_id)
    assert (await order(operator, case.case_id, "refund"))[0] == 201
    assert house.bank.done(case.payment_id)["refund"] == 1
    assert await credited(house, case.payment_id) == 0


async def test_a_credit_that_was_done_excludes_the_refund(house: House, operator: Caller) -> None:
    case = await contradicted(house)
    assert (await order(operator, case.case_id, "credit"))[0] == 201
    for again in (ALL, NOTHING):
        events = await house.resettable(case.run)
        for event in events:
            await house.reset(case.run, event, again)
            await asyncio.sleep(0.2)
    refused = await operator.post(
        f"{CASES}/{case.case_id}/resolutions", {"action": "refund", "reason": "x"}
    )
    assert (refused.status_code, slug(refused)) in (
        (409, "illegal-state"),
        (422, "invalid-request"),
    )
    assert await credited(house, case.payment_id) == 1
    assert house.bank.done(case.payment_id)["refund"] == 0


@pytest.mark.parametrize("again", [ALL, NOTHING], ids=["told again", "told nothing"])
@pytest.mark.parametrize("action", ["credit", "refund"])
async def test_the_resolution_of_a_case_that_is_reset_moves_money_once(
    house: House, operator: Caller, action: str, again: int
) -> None:
    cases = await asyncio.gather(*(contradicted(house) for _ in range(4)))
    await asyncio.gather(*(order(operator, case.case_id, action) for case in cases))
    for number, case in enumerate(cases):
        events = await house.resettable(case.run)
        if number % 2:
            house.bank.forget(case.payment_id)
        await house.reset(case.run, events[number % len(events)], again)
    await asyncio.sleep(0.5)
    for case in cases:
        # Whoever proposes it again is told that it is resolved.
        status, text = await order(operator, case.case_id, action)
        assert status in (409, 422), text
        moved = {
            "credit": await credited(house, case.payment_id),
            "refund": house.bank.done(case.payment_id)["refund"],
        }
        assert moved == {"credit": 0, "refund": 0} | {action: 1}
        assert await house.failed_tasks(case.run) == []
        assert [each["state"] for each in await house.cases(case.payment_id)] == []


async def test_a_late_event_run_that_is_reset_releases_each_hold_once(house: House) -> None:
    async def released(number: int) -> str:
        payment_id = await stories.cancelled_before(house)
        await house.ended(payment_id)
        await tell_late(house, payment_id, late_fact(house, payment_id))
        run = late_workflow_id(payment_id)
        events = await house.resettable(run)
        if number % 2:
            house.bank.forget(payment_id)
        await house.reset(run, events[number % len(events)], (ALL, NOTHING)[number // 2 % 2])
        async with asyncio.timeout(60):
            await house.client.get_workflow_handle(run).result()
        assert house.bank.done(payment_id)["void"] == 1
        assert await house.failed_tasks(run) == []
        known = await house.books.recall(payment_id)
        assert [each.outcome for each in known.facts.attempts] == ["approved"]
        return payment_id

    await asyncio.gather(*(released(number) for number in range(8)))
