"""How deposits begin, are sold, and are asked in either lane: paths no deploy may break."""

from __future__ import annotations

import asyncio

from tests.replay.deposits import Story
from tests.workflows.asking import Handle, authorize, complete, refusal_of
from tests.workflows.orders import beginning_with, deposit
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import CHALLENGE, World
from workflows.domain.deposits import AuthorizeCommand
from workflows.domain.identity import SALE
from workflows.domain.psp import Operation
from workflows.domain.routing.accounts import key_of_account


def _sells(world: World) -> None:
    world.books.sells = tuple(key_of_account(account) for account in world.books.accounts)


async def deposit_begun_by_its_first_command(world: World, _: TimeMachine) -> Handle:
    _sells(world)
    order = beginning_with(deposit(intent_id="in_begun"), AuthorizeCommand())
    await world.begin(order, "authorize", AuthorizeCommand())
    return world.run_of(order)


async def deposit_that_goes_ahead(world: World, _: TimeMachine) -> Handle:
    _sells(world)
    return await world.start(deposit(intent_id="in_ahead", goes_ahead=True))


async def deposit_begun_too_late(world: World, _: TimeMachine) -> Handle:
    late = deposit(intent_id="in_too_late", expires_in_seconds=-1)
    order = beginning_with(late, AuthorizeCommand())
    await refusal_of(world.begin(order, "authorize", AuthorizeCommand()))
    return world.run_of(order)


async def deposit_sold_after_a_challenge(world: World, _: TimeMachine) -> Handle:
    _sells(world)
    world.psp.will_answer(SALE, CHALLENGE)
    handle = await world.start(deposit(intent_id="in_sold_challenge"))
    await authorize(handle)
    await complete(handle)
    return handle


async def deposit_held_while_captures_are_stopped(world: World, _: TimeMachine) -> Handle:
    _sells(world)
    world.books.stop_id = 7
    handle = await world.start(deposit(intent_id="in_stopped"))
    assert (await authorize(handle)).status == "PARKED"
    world.books.stop_id = None
    await handle.signal("resume")
    return handle


async def deposit_in_the_slow_lane(world: World, _: TimeMachine) -> Handle:
    gate = world.psp.will_hold(Operation.AUTHORIZE)
    handle = await world.start(deposit(intent_id="in_slowly"))
    answering = asyncio.ensure_future(authorize(handle))
    await gate.reached.wait()
    gate.opened.set()
    await answering
    return handle


BEGUN: tuple[Story, ...] = (
    deposit_begun_by_its_first_command,
    deposit_that_goes_ahead,
    deposit_begun_too_late,
    deposit_sold_after_a_challenge,
    deposit_held_while_captures_are_stopped,
    deposit_in_the_slow_lane,
)
