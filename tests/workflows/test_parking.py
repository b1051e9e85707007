"""What is stopped by hand just before its money moves waits, visibly, and loses nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.asking import (
    Handle,
    accepted,
    authorize,
    capture,
    command,
    refusal_of,
    waits_on_timer,
)
from tests.workflows.orders import FIFTY, deposit, payout
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import SOFT, World
from workflows.domain.payments import CaptureMethod, Stoppable
from workflows.domain.psp import Approved, Declined, NotFound, Operation, Unknown
from workflows.domain.records import Record

AN_HOUR, A_DAY = timedelta(hours=1, seconds=5), timedelta(days=1)
GONE = Declined("expired", soft=False, code="L8")


async def parked(world: World, **changes: Any) -> Handle:
    """A deposit that a stop has caught before its capture."""
    world.books.stop_id = 7
    handle = await world.start(deposit(**changes))
    record = await authorize(handle)
    assert (record.status, record.facts.stop_id) == ("PARKED", 7)
    return handle


async def parked_payout(world: World, everywhere: bool = False) -> Handle:
    world.books.stop_id, world.books.everywhere = 7, everywhere
    handle = await world.start(payout())
    await accepted(handle)
    await waits_on_timer(handle, "still stopped")
    assert world.books.statuses == ["PAYOUT_PARKED"]
    return handle


async def asked_again(world: World, times: int) -> None:
    async with asyncio.timeout(60):
        while len(world.books.moves) < times:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


async def test_a_stop_parks_what_is_held_and_resume_captures_it_once(world: World) -> None:
    handle = await parked(world)
    assert world.psp.done == ["authorize:1"]
    world.books.stop_id = None
    await handle.signal("resume")
    record = await world.end_of(handle)
    assert (record.status, record.facts.stop_id) == ("CAPTURED", None)
    assert world.psp.done == ["authorize:1", "capture"]
    assert world.wallet.commands == ["credit"]
    # The first time it was asked together with the capture itself.
    [asked] = world.books.moves
    assert (asked.operation, asked.account) == (Stoppable.CAPTURES, world.books.accounts[0])


async def test_resumed_twice_it_is_captured_once(world: World) -> None:
    handle = await parked(world)
    world.books.stop_id = None
    await asyncio.gather(handle.signal("resume"), handle.signal("resume"))
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", "capture"]


async def test_a_resume_that_is_lost_is_made_up_for_within_the_hour(
    world: World, time_machine: TimeMachine
) -> None:
    handle = await parked(world)
    world.books.stop_id = None
    await time_machine.forward(handle, AN_HOUR)
    assert (await handle.result()).status == "CAPTURED"


async def test_what_is_stopped_again_while_it_drains_stays_parked(world: World) -> None:
    handle = await parked(world)
    world.books.stop_id = 8
    await handle.signal("resume")
    await asked_again(world, 1)
    world.books.stop_id = None
    await handle.signal("resume")
    assert (await handle.result()).status == "CAPTURED"
    assert world.books.statuses == ["PARKED", "PARKED", "CAPTURED"]
    assert [record.facts.stop_id for record in world.books.records] == [7, 8, None]
    assert world.psp.done == ["authorize:1", "capture"]


async def test_what_nobody_stops_costs_no_question_of_its_own(world: World) -> None:
    await authorize(handle := await world.start(deposit()))
    await handle.result()
    assert (len(world.books.moves), world.books.statuses) == (0, ["CAPTURED"])


@pytest.mark.parametrize(("how", "end"), [("cancel", "CANCELLED"), ("void", "VOIDED")])
async def test_a_parked_deposit_can_be_ended_and_its_hold_is_released(
    world: World, how: str, end: str
) -> None:
    handle = await parked(world)
    record = await command(handle, how)
    assert (record.status, record.facts.stop_id) == (end, None)
    await handle.result()
    assert world.psp.done == ["authorize:1", "void:1"]
    assert world.wallet.commands == []


async def test_a_parked_deposit_cannot_be_captured_by_command(world: World) -> None:
    handle = await parked(world)
    assert (await refusal_of(capture(handle))).type == "IllegalState"


async def test_a_part_that_was_to_be_captured_is_captured_after_the_stop(world: World) -> None:
    world.books.stop_id = 7
    handle = await world.start(deposit(capture_method=CaptureMethod.MANUAL))
    await authorize(handle)
    part = FIFTY - FIFTY.__class__(3000, "EUR")
    assert (await capture(handle, part)).status == "PARKED"
    world.books.stop_id = None
    await handle.signal("resume")
    assert (await world.end_of(handle)).facts.captured == part


async def test_a_parked_run_that_the_web_ui_cancels_ends_in_order(world: World) -> None:
    handle = await parked(world)
    await handle.cancel()
    assert (await handle.result()).status == "CANCELLED"
    assert world.psp.done == ["authorize:1", "void:1"]


async def test_a_hold_is_looked_up_before_it_lapses_and_voided_in_time(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_find(Operation.AUTHORIZE, Approved("psp-1", FIFTY))
    handle = await parked(world)
    record = await _after(world, time_machine, handle, days=7)
    assert (record.status, record.facts.captured) == ("EXPIRED", None)
    assert len(world.psp.lookups) == 1
    assert world.psp.done == ["authorize:1", "void:1"]
    assert world.wallet.commands == []


async def test_a_hold_that_is_gone_is_neither_captured_nor_voided(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_find(Operation.AUTHORIZE, GONE)
    handle = await parked(world)
    record = await _after(world, time_machine, handle, days=6)
    assert record.facts.problem is not None
    assert (record.status, record.facts.problem.reason) == ("EXPIRED", "expired")
    assert world.psp.done == ["authorize:1"]


async def test_a_look_that_finds_nothing_out_keeps_the_hold_parked(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_find(Operation.AUTHORIZE, Unknown("could not look"))
    handle = await parked(world)
    await time_machine.forward(handle, timedelta(days=6, hours=2))
    world.books.stop_id = None
    await handle.signal("resume")
    assert (await handle.result()).status == "CAPTURED"


async def test_what_a_psp_tells_of_a_parked_deposit_is_not_lost(world: World) -> None:
    handle = await parked(world)
    intent_id = handle.id.removeprefix("deposit-")
    event = world.event(f"{intent_id}:capture", Operation.CAPTURE, Approved("psp-9", FIFTY))
    await handle.signal("psp_event", event)
    await command(handle, "cancel")
    await handle.result()
    assert [case.kind for case in world.books.cases.values()] == ["unexpected_event"]


async def test_a_stop_parks_a_payout_and_resume_pays_it_once(world: World) -> None:
    handle = await parked_payout(world)
    assert (world.psp.done, world.wallet.commands) == ([], ["hold"])
    world.books.stop_id = None
    await asyncio.gather(handle.signal("resume"), handle.signal("resume"))
    assert (await handle.result()).status == "PAYOUT_SETTLED"
    assert world.psp.done == ["payout:1"]


async def test_a_parked_payout_asks_by_itself(world: World, time_machine: TimeMachine) -> None:
    handle = await parked_payout(world)
    world.books.stop_id = None
    await time_machine.forward(handle, AN_HOUR)
    assert (await handle.result()).status == "PAYOUT_SETTLED"


@pytest.mark.parametrize("everywhere", [False, True])
async def test_a_parked_payout_can_be_cancelled_and_its_money_is_given_back(
    world: World, everywhere: bool
) -> None:
    handle = await parked_payout(world, everywhere)
    assert (await command(handle, "cancel")).status == "PAYOUT_CANCELLED"
    await handle.result()
    assert (world.psp.done, world.wallet.commands) == ([], ["hold", "release"])


async def test_a_parked_payout_that_the_web_ui_cancels_ends_in_order(world: World) -> None:
    handle = await parked_payout(world)
    await handle.cancel()
    assert (await handle.result()).status == "PAYOUT_CANCELLED"
    assert world.wallet.commands == ["hold", "release"]


async def test_a_payout_that_only_stopped_accounts_could_pay_is_routed_again(
    world: World,
) -> None:
    handle = await parked_payout(world, everywhere=True)
    assert [asked.account for asked in world.books.moves] == [None]
    world.books.stop_id = None
    await handle.signal("resume")
    record = await world.end_of(handle)
    assert (record.status, world.psp.done) == ("PAYOUT_SETTLED", ["payout:1"])
    assert [asked.number for asked in world.books.routed] == [1, 2]
    assert record.facts.route is not None
    assert record.facts.route.refusal is None


async def test_a_payout_is_not_routed_again_before_the_stop_is_over(
    world: World, time_machine: TimeMachine
) -> None:
    handle = await parked_payout(world, everywhere=True)
    await handle.signal("resume")
    await asked_again(world, 2)
    await time_machine.forward(handle, A_DAY)
    assert len(world.books.moves) > 20
    assert (len(world.books.routed), world.books.statuses) == (1, ["PAYOUT_PARKED"])
    await command(handle, "cancel")


async def test_a_payout_that_one_account_declined_parks_before_a_stopped_one(
    world: World,
) -> None:
    gate = world.psp.will_hold(Operation.PAYOUT)
    world.psp.will_answer(Operation.PAYOUT, SOFT)
    handle = await world.start(payout())
    await gate.reached.wait()
    assert (await refusal_of(command(handle, "cancel"))).type == "IllegalState"
    world.books.stop_id = 7
    gate.opened.set()
    await waits_on_timer(handle, "still stopped")
    record = await command(handle, "cancel", under="cancel-2")
    assert (record.status, world.psp.done) == ("PAYOUT_CANCELLED", ["payout:1"])
    await handle.result()
    assert world.wallet.commands == ["hold", "release"]


async def _after(world: World, machine: TimeMachine, handle: Handle, days: int) -> Record:
    """The record in which it ends, that many days after it was parked and not before."""
    await machine.forward(handle, timedelta(days=days) - AN_HOUR)
    assert world.books.records[-1].final is False
    await machine.forward(handle, 2 * AN_HOUR)
    return await world.end_of(handle)


async def test_a_doubt_that_a_stop_forbids_to_repeat_goes_on_listening(
    world: World, time_machine: TimeMachine
) -> None:
    """It may have been paid: it is neither parked, where it could be given up, nor deaf."""
    world.psp.will_answer(Operation.PAYOUT, Unknown("reset"))
    world.psp.will_find(Operation.PAYOUT, NotFound(safe_to_repeat=True))
    order = payout()
    handle = await world.start(order)
    await accepted(handle)
    await waits_on_timer(handle, "look what became")
    world.books.stop_id = 7
    await time_machine.forward(handle, timedelta(minutes=1))
    async with asyncio.timeout(60):
        while world.books.statuses != ["PAYOUT_CLARIFYING"]:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    key = f"{order.payout_id}:payout:1"
    await handle.signal("psp_event", world.event(key, Operation.PAYOUT, Approved("psp-1", FIFTY)))
    assert (await handle.result()).status == "PAYOUT_SETTLED"
    assert world.psp.done == ["payout:1"]
