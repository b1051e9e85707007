"""The paths of facts that come late: each once, as it is decided today."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.replay.deposits import YES, Run, Story
from tests.workflows.asking import accepted, authorize, command, moved
from tests.workflows.orders import FIFTY, deposit, payout
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import CHALLENGE, HARD, World
from workflows.domain.psp import Approved, Declined, NotFound, NotSent, Operation, Unknown

RETURNED = Declined("returned", soft=False, code="R03")
NOTHING_HELD = Declined("not_voidable", soft=False, code="none")


async def late_return_is_given_back(world: World, _: TimeMachine) -> Run:
    return await _told_after_the_payout(world, "po_came_back", RETURNED)


async def late_denial_is_a_case(world: World, _: TimeMachine) -> Run:
    return await _told_after_the_payout(world, "po_denied", HARD)


async def late_yes_by_another_name_is_voided_too(world: World, _: TimeMachine) -> Run:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    handle = await world.start(deposit(intent_id="in_by_link"))
    await authorize(handle)
    await command(handle, "cancel")
    await handle.result()
    late = Approved("psp-another", FIFTY)
    key = "in_by_link:authorize:1"
    return await world.late(world.event(key, Operation.AUTHORIZE, late, event_id="evt-1"))


async def deposit_left_where_nothing_is_held(world: World, _: TimeMachine) -> Run:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_answer(Operation.VOID, NOTHING_HELD)
    handle = await world.start(deposit(intent_id="in_left"))
    await authorize(handle)
    await command(handle, "cancel")
    return handle


async def deposit_asked_again_where_voids_need_an_id(world: World, machine: TimeMachine) -> Run:
    world.psp.will_answer(Operation.AUTHORIZE, Unknown("500"), YES)
    world.psp.will_answer(Operation.VOID, NotSent("a hold is released by its id alone"))
    world.psp.will_find(Operation.AUTHORIZE, NotFound(safe_to_repeat=True))
    handle = await world.start(deposit(intent_id="in_by_id"))
    answering = asyncio.ensure_future(authorize(handle))
    await moved(machine, handle, timedelta(seconds=10))
    await answering
    return handle


async def _told_after_the_payout(world: World, payout_id: str, fact: Declined) -> Run:
    handle = await world.start(payout(payout_id=payout_id))
    await accepted(handle)
    await handle.result()
    event = world.event(f"{payout_id}:payout:1", Operation.PAYOUT, fact, event_id="evt-1")
    return await world.late(event)


LATE: tuple[Story, ...] = (
    late_return_is_given_back,
    late_denial_is_a_case,
    late_yes_by_another_name_is_voided_too,
    deposit_left_where_nothing_is_held,
    deposit_asked_again_where_voids_need_an_id,
)
