"""The quick lane waits for a moment in a run's task; the slow one gets the answer of what lasts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from activities.psp.asked import Asked
from activities.psp.lanes import CallsUnderWay, QuickCalls, SlowCalls
from activities.psp.once import AskedOnce
from tests.activities.psp.opened import AT, authorize, held, opened, payout
from tests.workflows.world import FakePsp
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    Lookup,
    NotSent,
    Operation,
    SlowLane,
    Unknown,
)
from workflows.ports import Psp

MOMENT = 0.5


class Lanes:
    """Both lanes of one worker, over one PSP."""

    def __init__(self, pool: asyncpg.Pool, psp: Psp, places: int = 4, opens: bool = True) -> None:
        self.under_way = CallsUnderWay()
        self.quick = QuickCalls(
            AskedOnce(Asked(pool, quick=True), psp),
            self.under_way,
            opens=lambda _: opens,
            places=places,
            seconds=MOMENT,
        )
        self.slow = SlowCalls(AskedOnce(Asked(pool), psp), self.under_way)


@pytest.fixture
def psp() -> FakePsp:
    return FakePsp()


async def test_a_psp_that_answers_at_once_is_asked_in_the_quick_lane(
    pool: asyncpg.Pool, psp: FakePsp
) -> None:
    lanes = Lanes(pool, psp)
    instruction = authorize(await opened(pool))
    answer = await lanes.quick.authorize(instruction)
    assert isinstance(answer, Approved)
    # A task that is begun again, here or elsewhere, finds the answer.
    assert await lanes.quick.authorize(instruction) == answer
    assert await Lanes(pool, psp).quick.authorize(instruction) == answer
    assert psp.done == ["authorize:1"]


async def test_an_answer_that_moved_money_is_found_by_a_task_that_is_begun_again(
    pool: asyncpg.Pool, psp: FakePsp
) -> None:
    instruction = payout(await held(pool))
    answer = await Lanes(pool, psp).quick.payout(instruction)
    psp.will_answer(Operation.PAYOUT, Unknown("asked twice"))
    assert await Lanes(pool, psp).quick.payout(instruction) == answer
    assert len(psp.done) == 1


async def test_a_call_that_lasts_goes_on_and_the_slow_lane_gets_its_answer(
    pool: asyncpg.Pool, psp: FakePsp
) -> None:
    lanes, gate = Lanes(pool, psp), psp.will_hold(Operation.AUTHORIZE)
    instruction = authorize(await opened(pool))
    assert isinstance(await lanes.quick.authorize(instruction), SlowLane)
    joining = asyncio.ensure_future(lanes.slow.authorize(instruction))
    gate.opened.set()
    assert isinstance(await joining, Approved)
    assert psp.done == ["authorize:1"]


async def test_an_answer_that_comes_between_the_lanes_is_kept_for_the_slow_one(
    pool: asyncpg.Pool, psp: FakePsp
) -> None:
    lanes, gate = Lanes(pool, psp), psp.will_hold(Operation.PAYOUT)
    instruction = payout(await held(pool))
    assert isinstance(await lanes.quick.payout(instruction), SlowLane)
    gate.opened.set()
    await lanes.under_way.aclose()
    assert isinstance(await lanes.slow.payout(instruction), Approved)
    assert psp.done == ["payout:1"]


async def test_what_an_earlier_call_came_to_is_no_answer_to_a_later_question(
    pool: asyncpg.Pool, psp: FakePsp
) -> None:
    lanes, gate = Lanes(pool, psp), psp.will_hold(Operation.PAYOUT)
    psp.will_answer(Operation.PAYOUT, NotSent("no connection"), Unknown("lost on the way back"))
    instruction = payout(await held(pool))
    assert isinstance(await lanes.quick.payout(instruction), SlowLane)
    gate.opened.set()
    await lanes.under_way.aclose()
    # Another worker asks meanwhile, and hears nothing: it may have been paid.
    assert isinstance(await Lanes(pool, psp).slow.payout(instruction), Unknown)
    assert isinstance(await lanes.slow.payout(instruction), Unknown)
    assert isinstance(await lanes.slow.payout(replace(instruction, looked=True)), Approved)


async def test_in_another_worker_the_slow_lane_has_to_look_first(
    pool: asyncpg.Pool, psp: FakePsp
) -> None:
    lanes, gate = Lanes(pool, psp), psp.will_hold(Operation.PAYOUT)
    instruction = payout(await held(pool))
    assert isinstance(await lanes.quick.payout(instruction), SlowLane)
    assert isinstance(await Lanes(pool, psp).slow.payout(instruction), Unknown)
    gate.opened.set()
    await lanes.under_way.aclose()
    assert psp.done == ["payout:1"]


async def test_after_a_slow_answer_the_account_is_asked_slowly_for_a_while(
    pool: asyncpg.Pool, psp: FakePsp
) -> None:
    lanes, gate = Lanes(pool, psp), psp.will_hold(Operation.AUTHORIZE)
    await lanes.quick.authorize(authorize(await opened(pool)))
    gate.opened.set()
    other = authorize(await opened(pool))
    assert await lanes.quick.authorize(other) == SlowLane("it was slow a moment ago")
    assert isinstance(await lanes.slow.authorize(other), Approved)


async def test_a_psp_that_hangs_keeps_its_own_places_and_no_other_psps(
    pool: asyncpg.Pool,
) -> None:
    hanging = Hanging()
    lanes = Lanes(pool, hanging, places=2)
    waiting = [
        asyncio.ensure_future(lanes.quick.authorize(authorize(await opened(pool))))
        for _ in range(2)
    ]
    await hanging.reached(2)
    third = authorize(await opened(pool))
    assert await lanes.quick.authorize(third) == SlowLane("no place is free")
    assert all(isinstance(answer, SlowLane) for answer in await asyncio.gather(*waiting))
    hanging.opened.set()
    await lanes.under_way.aclose()


async def test_a_psp_of_which_no_certificate_says_that_it_honours_keys_is_asked_slowly(
    pool: asyncpg.Pool, psp: FakePsp
) -> None:
    lanes = Lanes(pool, psp, opens=False)
    assert isinstance(await lanes.quick.authorize(authorize(await opened(pool))), SlowLane)
    assert psp.done == []


async def test_a_rate_closes_the_quick_lane_at_once_and_its_end_opens_it(
    pool: asyncpg.Pool, owner: asyncpg.Pool, psp: FakePsp
) -> None:
    lanes, instruction = Lanes(pool, psp), authorize(await opened(pool))
    await _rate(owner, 5.0)
    try:
        refused = await lanes.quick.authorize(instruction)
    finally:
        await _rate(owner, None)
    assert refused == SlowLane("its rate is set, or its breaker is not closed")
    assert psp.done == []
    assert isinstance(await lanes.quick.authorize(instruction), Approved)


async def test_a_look_goes_as_it_is(pool: asyncpg.Pool, psp: FakePsp) -> None:
    lookup = Lookup(
        key="in_1:authorize:1",
        operation=Operation.AUTHORIZE,
        account=AT,
        psp_ref=None,
        trace_id="trace-1",
    )
    await Lanes(pool, psp, opens=False).quick.look_up(lookup)
    assert psp.lookups == [lookup.key]


class Hanging(FakePsp):
    def __init__(self) -> None:
        super().__init__()
        self.opened = asyncio.Event()

    async def authorize(self, instruction: AuthorizeInstruction) -> Approved:
        self.done.append(instruction.key)
        await self.opened.wait()
        return Approved("psp-1", instruction.amount)

    async def reached(self, number: int) -> None:
        while len(self.done) < number:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def _rate(owner: asyncpg.Pool, per_second: float | None) -> None:
    await owner.execute(
        "INSERT INTO routing_rates (psp, per_second, reason, set_by) VALUES ($1, $2, 'r', 'ann')",
        AT.psp,
        per_second,
    )
