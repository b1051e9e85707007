"""The paths of deposits that a deploy must never break."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from tests.workflows.asking import (
    Handle,
    authorize,
    capture,
    complete,
    moved,
)
from tests.workflows.orders import FIFTY, deposit
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import CHALLENGE, SOFT, World
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod
from workflows.domain.psp import (
    COMPLETE,
    Approved,
    NoStatus,
    NotFound,
    Operation,
    Pending,
    Ready,
    Unknown,
)

Run = WorkflowHandle[Any, Any]
Story = Callable[[World, TimeMachine], Awaitable[Run]]
YES, PROMISED = Approved("psp-1", FIFTY), Pending("psp-1")
A_MOMENT = timedelta(seconds=10)


async def deposit_plain(world: World, _: TimeMachine) -> Handle:
    handle = await world.start(deposit(intent_id="in_plain"))
    await authorize(handle)
    return handle


async def deposit_challenge_by_webhook(world: World, _: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    handle = await world.start(deposit(intent_id="in_challenge"))
    await authorize(handle)
    event = world.event("in_challenge:authorize:1", Operation.AUTHORIZE, YES, event_id="evt-1")
    await handle.signal("psp_event", event)
    return handle


async def deposit_cascade(world: World, _: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.AUTHORIZE, SOFT)
    handle = await world.start(deposit(intent_id="in_cascade"))
    await authorize(handle)
    return handle


async def deposit_lost_capture(world: World, machine: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.CAPTURE, Unknown("read timeout"))
    world.psp.will_find(Operation.CAPTURE, YES)
    handle = await world.start(deposit(intent_id="in_lost_capture"))
    answering = asyncio.ensure_future(authorize(handle))
    await moved(machine, handle, A_MOMENT)
    await answering
    return handle


async def deposit_never_arrived(world: World, machine: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.AUTHORIZE, Unknown("500"))
    world.psp.will_find(Operation.AUTHORIZE, NotFound())
    handle = await world.start(deposit(intent_id="in_never_arrived"))
    answering = asyncio.ensure_future(authorize(handle))
    await moved(machine, handle, A_MOMENT)
    await answering
    return handle


async def deposit_part_captured_by_hand(world: World, _: TimeMachine) -> Handle:
    order = deposit(intent_id="in_part", capture_method=CaptureMethod.MANUAL)
    handle = await world.start(order)
    await authorize(handle)
    await capture(handle, Money(2000, "EUR"))
    return handle


async def deposit_expired_on_the_page(world: World, machine: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_find(Operation.AUTHORIZE, CHALLENGE)
    handle = await world.start(deposit(intent_id="in_expired"))
    await authorize(handle)
    await machine.forward(handle, timedelta(minutes=31))
    return handle


async def deposit_cancelled_in_the_web_ui(world: World, _: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    handle = await world.start(deposit(intent_id="in_cancelled"))
    await authorize(handle)
    await handle.cancel()
    return handle


async def deposit_completed_after_two_challenges(world: World, _: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_answer(COMPLETE, Pending("psp-1", "https://psp.example/challenge/2"))
    handle = await world.start(deposit(intent_id="in_twice"))
    await authorize(handle)
    await complete(handle, redirectResult="first")
    await complete(handle, under="complete-2", redirectResult="second")
    return handle


async def deposit_completed_without_the_player(world: World, _: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    handle = await world.start(deposit(intent_id="in_ready"))
    await authorize(handle)
    done = Ready("psp-1")
    event = world.event("in_ready:authorize:1", Operation.AUTHORIZE, done, event_id="evt-1")
    await handle.signal("psp_event", event)
    return handle


async def deposit_lost_completion(world: World, machine: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_answer(COMPLETE, Unknown("read timeout"))
    world.psp.will_find(Operation.AUTHORIZE, NoStatus(safe_to_repeat=True))
    handle = await world.start(deposit(intent_id="in_lost_completion"))
    await authorize(handle)
    answering = asyncio.ensure_future(complete(handle))
    await moved(machine, handle, A_MOMENT)
    await answering
    return handle


async def deposit_captured_by_webhook_alone(world: World, machine: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.CAPTURE, PROMISED)
    world.psp.will_find(Operation.CAPTURE, NoStatus())
    handle = await world.start(deposit(intent_id="in_silent"))
    await authorize(handle)
    await moved(machine, handle, timedelta(days=4))
    event = world.event("in_silent:capture", Operation.CAPTURE, YES, event_id="evt-1")
    await handle.signal("psp_event", event)
    return handle


async def deposit_late_yes_while_it_runs(world: World, _: TimeMachine) -> Run:
    world.psp.will_answer(Operation.AUTHORIZE, SOFT)
    order = deposit(intent_id="in_stray", capture_method=CaptureMethod.MANUAL)
    handle = await world.start(order)
    await authorize(handle)
    key = "in_stray:authorize:1"
    await handle.signal("psp_event", world.event(key, Operation.AUTHORIZE, YES, event_id="evt-1"))
    await capture(handle)
    return handle


async def deposit_cascade_ended_by_time(world: World, machine: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    handle = await world.start(deposit(intent_id="in_too_slow"))
    await authorize(handle)
    await machine.forward(handle, timedelta(seconds=100))
    event = world.event("in_too_slow:authorize:1", Operation.AUTHORIZE, SOFT, event_id="evt-1")
    await handle.signal("psp_event", event)
    return handle


DEPOSITS: tuple[Story, ...] = (
    deposit_plain,
    deposit_challenge_by_webhook,
    deposit_cascade,
    deposit_lost_capture,
    deposit_never_arrived,
    deposit_part_captured_by_hand,
    deposit_expired_on_the_page,
    deposit_cancelled_in_the_web_ui,
    deposit_completed_after_two_challenges,
    deposit_completed_without_the_player,
    deposit_lost_completion,
    deposit_captured_by_webhook_alone,
    deposit_late_yes_while_it_runs,
    deposit_cascade_ended_by_time,
)
