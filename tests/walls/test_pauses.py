"""An operator pauses, unpauses or resets a call while a PSP works on it: it is asked once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from temporalio.api.enums.v1 import PendingActivityState

from tests.walls import stories
from tests.walls.bank import Mood
from tests.walls.house import House
from tests.walls.waiting import until
from workflows.domain.identity import payment_of, workflow_of

Button = Callable[[House, str, str], Awaitable[None]]


async def paused_and_unpaused(house: House, payment_id: str, operation: str) -> None:
    await house.pause(payment_id, operation)
    await until(lambda: _is_paused(house, payment_id), f"{payment_id} is paused")
    await _turn(house, payment_id)
    await house.unpause(payment_id, operation)


async def reset(house: House, payment_id: str, operation: str) -> None:
    await _turn(house, payment_id)
    await house.reset_activity(payment_id, operation)


async def _is_paused(house: House, payment_id: str) -> bool:
    """The attempt that was under way has ended."""
    described = await house.run(payment_id).describe()
    pending = described.raw_description.pending_activities
    return any(each.state == PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED for each in pending)


async def _turn(house: House, payment_id: str) -> None:
    house.bank.moods[payment_id] = Mood.BUSY


async def _authorizing(house: House) -> str:
    payment_id = await stories._deposit(house)
    house.bank.will_hold(payment_id, "authorize")
    await stories.begin(house, payment_id, "authorize")
    return payment_id


async def _capturing(house: House) -> str:
    payment_id = await stories._held(house)
    house.bank.will_hold(payment_id, "capture")
    await stories.begin(house, payment_id, "capture", stories.ALL_OF_IT)
    return payment_id


async def _voiding(house: House) -> str:
    payment_id = await stories._held(house)
    house.bank.will_hold(payment_id, "void")
    await stories.begin(house, payment_id, "void")
    return payment_id


async def _paying(house: House) -> str:
    order = await house.payout()
    house.bank.will_hold(order.payout_id, "payout")
    await house.start(order)
    return order.payout_id


async def _refunding(house: House) -> str:
    order = await house.refund()
    house.bank.will_hold(order.refund_id, "refund")
    await house.start(order)
    return order.refund_id


CALLS = {
    "authorize": (_authorizing, "CAPTURED"),
    "capture": (_capturing, "CAPTURED"),
    "void": (_voiding, "VOIDED"),
    "payout": (_paying, "PAYOUT_SETTLED"),
    "refund": (_refunding, "REFUND_PROCESSED"),
}


@pytest.mark.parametrize("button", [paused_and_unpaused, reset], ids=["pause", "reset"])
async def test_what_is_paused_or_reset_while_the_psp_works_is_not_asked_of_another(
    house: House, button: Button
) -> None:
    await asyncio.gather(*(_pressed(house, button, operation) for operation in CALLS))


async def _pressed(house: House, button: Button, operation: str) -> None:
    play, comes_to = CALLS[operation]
    payment_id = await play(house)
    await until(lambda: stories._is_done(house, payment_id, operation), f"{operation} is done")
    await button(house, payment_id, operation)
    await asyncio.sleep(1)
    house.bank.moods.pop(payment_id, None)
    await house.ended(payment_id, seconds=40)
    assert (await house.agrees(payment_id)).status == comes_to, operation
    asked = {psp for psp, key in house.bank.asked if payment_of(key) == payment_id}
    assert asked == {house.first.psp}, operation
    assert house.bank.done(payment_id)[operation] == 1
    assert not await house.is_running(str(workflow_of(payment_id)))
