"""A PSP stores an error under our key for ever: it is asked under the next key, once it is certain
that it did nothing; and what it did after all is found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.walls import stories
from tests.walls.bank import Effect, Mood
from tests.walls.house import House
from tests.walls.waiting import until
from tests.workflows.asking import waits_on_timer
from tests.workflows.time_travel import TimeMachine
from workflows.domain.identity import payment_of, workflow_of
from workflows.domain.money import Money
from workflows.domain.psp import Approved

AN_HOUR = timedelta(hours=1)
"""In which it becomes certain."""
SOME_LOOKS = timedelta(seconds=20)
"""In which it does not."""


@pytest.fixture
async def moved_house(house: House) -> AsyncIterator[tuple[House, TimeMachine]]:
    """Its runs stand still in time until they are moved."""
    machine = TimeMachine(house.client)
    yield replace(house, client=machine.client), machine


async def _capturing(house: House) -> str:
    payment_id = await stories._held(house)
    house.bank.moods[payment_id] = Mood.KEEPS_ERRORS
    await stories.begin(house, payment_id, "capture", stories.ALL_OF_IT)
    return payment_id


async def _paying(house: House) -> str:
    order = await house.payout()
    house.bank.moods[order.payout_id] = Mood.KEEPS_ERRORS
    await house.start(order)
    return order.payout_id


async def _refunding(house: House) -> str:
    order = await house.refund()
    house.bank.moods[order.refund_id] = Mood.KEEPS_ERRORS
    await house.start(order)
    return order.refund_id


CALLS = {
    "capture": (_capturing, ":capture", ":capture:2"),
    "payout": (_paying, ":payout:1", ":payout:1:2"),
    "refund": (_refunding, ":refund", ":refund:2"),
}


@pytest.mark.parametrize("operation", CALLS)
async def test_an_error_kept_under_a_key_is_asked_once_more_under_the_next(
    moved_house: tuple[House, TimeMachine], operation: str
) -> None:
    house, machine = moved_house
    play, first, second = CALLS[operation]
    payment_id = await play(house)
    await until(lambda: _kept(house, payment_id + first), "the error is kept")
    # Under new keys it works again; the error stays under the old one.
    house.bank.moods.pop(payment_id)
    for _ in range(12):
        if house.bank.done(payment_id)[operation]:
            break
        await _time_passes(house, machine, payment_id)
    known = await house.agrees(payment_id)
    keys = [key for _, key in house.bank.asked if payment_of(key) == payment_id]
    assert keys[-1] == payment_id + second
    assert house.bank.done(payment_id)[operation] == 1
    assert {attempt.outcome for attempt in known.facts.attempts if first in attempt.key} == {
        "nothing_done",
        "approved",
    }


@pytest.mark.parametrize("operation", CALLS)
async def test_what_was_done_behind_an_error_after_all_is_found_and_not_asked_again(
    moved_house: tuple[House, TimeMachine], operation: str
) -> None:
    house, machine = moved_house
    play, first, _ = CALLS[operation]
    payment_id = await play(house)
    await until(lambda: _kept(house, payment_id + first), "the error is kept")
    await _time_passes(house, machine, payment_id, SOME_LOOKS)
    _done_after_all(house, payment_id, operation, payment_id + first)
    house.bank.moods.pop(payment_id)
    await _time_passes(house, machine, payment_id)
    await house.agrees(payment_id)
    keys = {key for _, key in house.bank.asked if payment_of(key) == payment_id}
    assert not any(key.startswith(payment_id + first + ":") for key in keys)
    assert house.bank.done(payment_id)[operation] == 1


async def _time_passes(
    house: House, machine: TimeMachine, payment_id: str, by: timedelta = AN_HOUR
) -> None:
    run = house.run(payment_id)
    if not await house.is_running(str(workflow_of(payment_id))):
        return
    await waits_on_timer(run, "look what became")
    await machine.forward(run, by)
    await asyncio.sleep(0.3)


async def _kept(house: House, key: str) -> bool:
    return key in house.bank.errors


def _done_after_all(house: House, payment_id: str, operation: str, key: str) -> None:
    amount = Money(5000, "EUR")
    done = Effect(house.first.psp, payment_id, operation, key, "psp-late", amount)
    house.bank.effects.append(done)
    house.bank.answers[key] = Approved(done.ref, amount)
