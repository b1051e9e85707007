"""The paths of payments that a person stops on their way."""

from __future__ import annotations

from datetime import timedelta

from tests.replay.deposits import Story
from tests.workflows.asking import Handle, accepted, authorize, command, complete, waits_on_timer
from tests.workflows.orders import deposit, payout
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import CHALLENGE, SOFT, World
from workflows.domain.psp import Authentication, Declined, Operation

PROOF = Authentication(scheme="visa", eci="05", cavv="AAAB", version="2.2.0", ds_trans_id="ds-1")
SOFT_AFTER_A_CHALLENGE = Declined(SOFT.reason, True, SOFT.code, authentication=PROOF)
STOP = 7


async def deposit_parked_and_resumed(world: World, machine: TimeMachine) -> Handle:
    world.books.stop_id = STOP
    handle = await world.start(deposit(intent_id="in_parked"))
    await authorize(handle)
    await machine.forward(handle, timedelta(hours=2))
    world.books.stop_id = None
    await handle.signal("resume")
    return handle


async def deposit_parked_and_cancelled(world: World, _: TimeMachine) -> Handle:
    world.books.stop_id = STOP
    handle = await world.start(deposit(intent_id="in_unparked"))
    await authorize(handle)
    await command(handle, "cancel")
    return handle


async def deposit_that_took_its_proof_along(world: World, _: TimeMachine) -> Handle:
    world.books.reuses_3ds = (f"{world.name}/second",)
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_answer("complete", SOFT_AFTER_A_CHALLENGE)
    handle = await world.start(deposit(intent_id="in_proved"))
    await authorize(handle)
    await complete(handle)
    return handle


async def payout_parked_and_resumed(world: World, _: TimeMachine) -> Handle:
    world.books.stop_id = STOP
    handle = await world.start(payout(payout_id="po_parked"))
    return await _resumed(world, handle)


async def payout_parked_and_routed_again(world: World, _: TimeMachine) -> Handle:
    world.books.stop_id, world.books.everywhere = STOP, True
    handle = await world.start(payout(payout_id="po_nowhere"))
    return await _resumed(world, handle)


async def _resumed(world: World, handle: Handle) -> Handle:
    await accepted(handle)
    await waits_on_timer(handle, "still stopped")
    world.books.stop_id = None
    await handle.signal("resume")
    return handle


PARKED: tuple[Story, ...] = (
    deposit_parked_and_resumed,
    deposit_parked_and_cancelled,
    deposit_that_took_its_proof_along,
    payout_parked_and_resumed,
    payout_parked_and_routed_again,
)
