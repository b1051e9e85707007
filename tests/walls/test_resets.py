"""A run is reset to any of its events: nothing is done twice, and all tell one story afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from activities.risk.players import RiskPlayers
from tests.walls.bank import Mood
from tests.walls.house import ALL, NOTHING, House
from tests.walls.stories import DEPOSITS, PAYOUTS, REFUNDS, Story
from workflows.domain.identity import payment_of, workflow_of
from workflows.domain.risk import RiskPlayer

WAYS = ("remembers its keys", "forgot its keys", "is down", "is busy", "player is blocked")
OF_EACH_EVENT = 2
"""Ways that are tried, by turns; each process is reset in all of them."""
AT_ONCE = 24
"""Payments under way: the machine is to stay quick enough for what a caller waits for."""


@dataclass(frozen=True)
class Reset:
    story: Story
    number: int
    """Of the event, among those to which the run can be reset."""
    way: str
    again: Any

    async def tried(self, house: House) -> int:
        """Gives how many such events there were."""
        payment_id = await self.story.play(house)
        run = str(workflow_of(payment_id))
        events = await house.resettable(run)
        if self.number >= len(events):
            return len(events)
        psps = {psp for psp, key in house.bank.asked if payment_of(key) == payment_id}
        await _turn(house, payment_id, self.way)
        await house.reset(run, events[self.number], self.again)
        await asyncio.sleep(0.5)
        house.bank.keep_promises(payment_id)
        await _brought_to_its_end(house, self.story, payment_id)
        await house.agrees(payment_id)
        if psps:
            now = {psp for psp, key in house.bank.asked if payment_of(key) == payment_id}
            assert now == psps, "another account was asked"
        return len(events)

    async def fault(self, house: House, slots: asyncio.Semaphore) -> str:
        """What was wrong, if anything."""
        async with slots:
            try:
                await self.tried(house)
            except (AssertionError, TimeoutError) as wrong:
                return f"{self}: {type(wrong).__name__} {wrong}"
        return ""

    def __str__(self) -> str:
        messages = "told again" if self.again == ALL else "told nothing"
        return f"{self.story.name}, event {self.number}, PSP {self.way}, {messages}"


async def _turn(house: House, payment_id: str, way: str) -> None:
    match way:
        case "forgot its keys":
            house.bank.forget(payment_id)
        case "is down":
            house.bank.moods[payment_id] = Mood.DOWN
        case "is busy":
            house.bank.moods[payment_id] = Mood.BUSY
        case "player is blocked":
            player = (await house.books.recall(payment_id)).player
            await RiskPlayers(house.pool).put(player.brand, player.id, RiskPlayer(blocked=True))


async def _brought_to_its_end(house: House, story: Story, payment_id: str) -> None:
    """People and PSPs say again what they said, until the run is over."""
    for _ in range(20):
        if not await house.is_running(str(workflow_of(payment_id))):
            return
        await story.end(house, payment_id)
        await asyncio.sleep(0.5)


async def _all_of(house: House, story: Story, first: int) -> list[Reset]:
    events = await Reset(story, 0, WAYS[0], NOTHING).tried(house)
    turns = range(first, first + events * OF_EACH_EVENT)
    return [
        Reset(story, turn % events, WAYS[turn % len(WAYS)], (ALL, NOTHING)[turn // 3 % 2])
        for turn in turns
    ]


async def _faults(house: House, stories: Iterable[Story]) -> list[str]:
    matrix = await asyncio.gather(*(_all_of(house, story, n) for n, story in enumerate(stories)))
    slots = asyncio.Semaphore(AT_ONCE)
    resets = [each for row in matrix for each in row]
    assert len(resets) >= 2 * len(matrix), "there are events to reset to"
    found = await asyncio.gather(*(reset.fault(house, slots) for reset in resets))
    return [fault for fault in found if fault]


@pytest.mark.parametrize(
    "stories", [DEPOSITS, PAYOUTS, REFUNDS], ids=["deposits", "payouts", "refunds"]
)
async def test_a_run_that_is_reset_does_nothing_twice_and_agrees_with_the_books(
    house: House, stories: list[Story]
) -> None:
    assert await _faults(house, stories) == []
