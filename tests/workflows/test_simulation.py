"""Whatever is lost, late, doubled or cancelled: what the PSP did equals what the wallet was told.

Every number is a life of its own; a failing one prints the PSP's diary.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.service import RPCError

from tests.workflows.asking import (
    Handle,
    accepted,
    authorize,
    capture,
    command,
    complete,
    decide,
)
from tests.workflows.orders import FIFTY, deposit, payout
from tests.workflows.time_travel import TimeMachine
from tests.workflows.wild import WildPsp
from tests.workflows.world import World, a_world, working
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod
from workflows.domain.payouts import ApprovalDecision
from workflows.domain.psp import Operation
from workflows.domain.records import Result
from workflows.domain.risk import Cleared
from workflows.domain.routing.accounts import key_of_account

LIVES = range(16)
MOMENTS = [timedelta(seconds=s) for s in (1, 5, 40, 600, 7200, 86400)]
Step = Callable[[], Awaitable[object]]


class Life:
    """One run, and everything that happens to it."""

    def __init__(self, world: World, machine: TimeMachine, chance: Random, wild: WildPsp) -> None:
        self.world, self.psp = world, wild
        self._machine, self._chance = machine, chance
        self._busy: list[asyncio.Task[object]] = []
        self._clock = asyncio.Lock()

    def troubles(self, handle: Handle) -> list[Step]:
        """Stops by hand come and go, and so does the PSP."""
        stop, lift = self._stop, lambda: self._lift(handle)
        return [stop, stop, lift, _resumed(handle), self.psp.dies, self.psp.recovers]

    async def _stop(self) -> None:
        self.world.books.stop_id = self._chance.randint(1, 9)
        self.world.books.everywhere = self._chance.random() < 0.5

    async def _lift(self, handle: Handle) -> None:
        """Sometimes the run is not told."""
        self.world.books.stop_id = None
        if self._chance.random() < 0.7:
            await handle.signal("resume")

    async def live(self, handle: Handle, *steps: Step) -> Result:
        """Things happen in random order, often at once; then time goes on until the end."""
        for _ in range(8):
            usual = [self._time(handle), self._webhook(handle)] * 3
            happening = self._chance.choice([*steps, *usual])
            self._busy.append(asyncio.ensure_future(_if_it_can(happening())))
            if self._chance.random() < 0.7:
                await asyncio.wait(self._busy, timeout=0.05)
        self.world.books.stop_id, self.psp.dead = None, False
        for _ in range(30):
            await _if_it_can(self._webhook(handle)())
            if (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING:
                break
            await _if_it_can(self._forward(handle, timedelta(days=2)))
        result = await asyncio.wait_for(handle.result(), 5)
        await asyncio.wait_for(asyncio.gather(*self._busy), 5)
        return result

    def _time(self, handle: Handle) -> Step:
        return lambda: self._forward(handle, self._chance.choice(MOMENTS))

    async def _forward(self, handle: Handle, by: timedelta) -> None:
        async with self._clock:
            await self._machine.forward(handle, by)

    def _webhook(self, handle: Handle) -> Step:
        async def tell() -> None:
            for key in list(self.psp.truth)[-self._chance.randint(1, 3) :]:
                self.psp.decide(key)
                event = self.world.event(key, *self.psp.outcome_of(key))
                for _ in range(self._chance.randint(1, 2)):
                    await handle.signal("psp_event", event)

        return tell


def _resumed(handle: Handle) -> Step:
    return lambda: handle.signal("resume")


async def _if_it_can(happening: Awaitable[object]) -> None:
    # Refused, or the run has ended: both are answers.
    with suppress(RPCError, WorkflowUpdateFailedError):
        await happening


@pytest.mark.parametrize("number", LIVES)
async def test_a_deposit(time_machine: TimeMachine, number: int) -> None:
    chance = Random(number)
    await _deposited(time_machine, chance, WildPsp(chance, silent=number % 3 == 1))


@pytest.mark.parametrize("number", LIVES)
async def test_a_deposit_whose_player_comes_back(time_machine: TimeMachine, number: int) -> None:
    chance = Random(number)
    wild = WildPsp(chance, completes=True, silent=number % 3 == 1)
    await _deposited(time_machine, chance, wild, returns=8, cancels=number % 4 == 1)


@pytest.mark.parametrize("number", LIVES)
async def test_a_deposit_under_stops_at_a_psp_that_dies(
    time_machine: TimeMachine, number: int
) -> None:
    chance = Random(number)
    wild = WildPsp(chance, silent=number % 4 == 1)
    await _deposited(time_machine, chance, wild, cancels=number % 4 == 2, troubled=True)


@pytest.mark.parametrize("number", LIVES)
async def test_a_deposit_that_is_sold(time_machine: TimeMachine, number: int) -> None:
    chance = Random(number)
    wild = WildPsp(chance, completes=number % 2 == 1, silent=number % 3 == 1)
    await _deposited(
        time_machine, chance, wild, returns=4, cancels=number % 4 < 2, troubled=True, sold=True
    )


async def _deposited(
    machine: TimeMachine,
    chance: Random,
    wild: WildPsp,
    returns: int = 0,
    cancels: bool = True,
    troubled: bool = False,
    sold: bool = False,
) -> None:
    """`returns`: how likely the player is to come back, as often as that."""
    world, names = a_world(machine.client), itertools.count()
    manual = not sold and chance.random() < 0.5
    if sold:
        world.books.sells = tuple(key_of_account(account) for account in world.books.accounts)
    method = CaptureMethod.MANUAL if manual else CaptureMethod.AUTOMATIC
    async with working(world, psp=wild):
        handle = await world.start(deposit(capture_method=method))
        steps: list[Step] = [lambda: complete(handle, under=f"back-{next(names)}")] * returns
        if cancels:
            steps += [lambda: command(handle, "cancel"), handle.cancel]
        if manual:
            part = chance.choice([FIFTY, Money(2000, "EUR")])
            steps += [lambda: capture(handle, part)] * 3 + [lambda: command(handle, "void")]
        asking = asyncio.ensure_future(_if_it_can(authorize(handle)))
        await asyncio.wait([asking], timeout=0.3 if returns else 0)
        life = Life(world, machine, chance, wild)
        steps += life.troubles(handle) if troubled else []
        result = await life.live(handle, *steps)
        await asyncio.wait_for(asking, 5)
    _deposit_is_accounted_for(world, wild, result)


def _deposit_is_accounted_for(world: World, wild: WildPsp, result: Result) -> None:
    captured = [*wild.done(Operation.CAPTURE).values(), *wild.sold]
    assert len(captured) <= 1, wild.diary
    _nobody_was_asked_twice_or_over_a_doubt(wild)
    assert [*world.wallet.amounts.values()] == captured, wild.diary
    assert (result.status == "CAPTURED") == bool(captured), (result, wild.diary)
    cases = " ".join(case.key for case in world.books.cases.values())
    for key, held in wild.done(Operation.AUTHORIZE).items():
        in_full = captured == [held]
        assert in_full or key in wild.released or key in cases, (result, cases, wild.diary)


def _nobody_was_asked_twice_or_over_a_doubt(wild: WildPsp) -> None:
    assert wild.overlaps == [], wild.diary
    accounts = list(wild.asked_at.values())
    assert len(accounts) == len(set(accounts)), wild.diary


@pytest.mark.parametrize("number", LIVES[:8])
async def test_a_payout(time_machine: TimeMachine, number: int) -> None:
    await _paid_out(time_machine, number, troubled=False)


@pytest.mark.parametrize("number", LIVES)
async def test_a_payout_under_stops_at_a_psp_that_dies(
    time_machine: TimeMachine, number: int
) -> None:
    await _paid_out(time_machine, number, troubled=True)


async def _paid_out(time_machine: TimeMachine, number: int, *, troubled: bool) -> None:
    chance = Random(number)
    world, wild = a_world(time_machine.client), WildPsp(chance, silent=number % 3 == 1)
    world.books.verdict = Cleared(needs_approval=chance.random() < 0.5)
    async with working(world, psp=wild):
        handle = await world.start(payout())
        if not troubled:
            await accepted(handle)
        life = Life(world, time_machine, chance, wild)
        ways: list[Step] = [lambda: command(handle, "cancel"), handle.cancel]
        ways += [lambda: decide(handle, ApprovalDecision.APPROVE)] * 3
        ways += [lambda: decide(handle, ApprovalDecision.DECLINE)]
        ways += life.troubles(handle) * 2 if troubled else []
        if troubled:
            await life.troubles(handle)[chance.randint(0, 2)]()
        result = await life.live(handle, *ways)
    paid = len(wild.done(Operation.PAYOUT))
    assert paid <= 1, wild.diary
    _nobody_was_asked_twice_or_over_a_doubt(wild)
    assert world.wallet.commands == ["hold", "capture_hold" if paid else "release"], wild.diary
    assert (result.status == "PAYOUT_SETTLED") == bool(paid), wild.diary
