"""A completion whose answer is lost: looked up, and repeated only where that cannot do harm."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.workflows.asking import Handle, authorize, complete, moved
from tests.workflows.orders import FIFTY, deposit
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import CHALLENGE, HARD, World
from workflows.domain.deposits import DepositOrder
from workflows.domain.escalations import CaseKind
from workflows.domain.psp import (
    COMPLETE,
    Approved,
    Finding,
    NoStatus,
    NotFound,
    NotSent,
    Operation,
    Pending,
    Ready,
    Unknown,
)
from workflows.domain.records import Record

YES, READY, LOST = Approved("psp-1", FIFTY), Ready("psp-1"), Unknown("read timeout")
FIRST = "authorize:1:complete:1"


async def lost(world: World, *found: Finding) -> tuple[DepositOrder, Handle, asyncio.Task[Record]]:
    """A player came back, and the answer to the completion was lost."""
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_answer(COMPLETE, LOST)
    world.psp.will_find(Operation.AUTHORIZE, *found)
    order = deposit()
    handle = await world.start(order)
    await authorize(handle)
    return order, handle, asyncio.ensure_future(complete(handle))


async def test_a_lost_completion_is_looked_up_not_repeated(
    world: World, time_machine: TimeMachine
) -> None:
    order, handle, back = await lost(world, YES)
    await moved(time_machine, handle, timedelta(seconds=2))
    assert (await back).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", FIRST, "capture"]
    assert world.psp.lookups == [f"{order.intent_id}:authorize:1"]
    assert world.psp.asked_of[0].psp_ref == "psp-1"


@pytest.mark.parametrize(
    "finding", [NoStatus(safe_to_repeat=True), READY], ids=["honours its keys", "still to be done"]
)
async def test_a_lost_completion_is_repeated_under_its_key_where_that_is_safe(
    world: World, time_machine: TimeMachine, finding: Finding
) -> None:
    _, handle, back = await lost(world, finding)
    await moved(time_machine, handle, timedelta(seconds=2))
    assert (await back).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", FIRST, FIRST, "capture"]


async def test_a_repetition_that_is_lost_or_never_left_us_ends_no_doubt(
    world: World, time_machine: TimeMachine
) -> None:
    _, handle, back = await lost(world, NoStatus(safe_to_repeat=True))
    world.psp.will_answer(COMPLETE, NotSent("connection refused"), LOST, NotSent("again"))
    await moved(time_machine, handle, timedelta(minutes=1))
    assert (await back).status in ("CLARIFYING", "CAPTURED")
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", *[FIRST] * 5, "capture"]
    # Of the first asking: keys are honoured for a limited time.
    assert len({look.asked_at for look in world.psp.asked_of}) == 1


@pytest.mark.parametrize(
    "finding", [NoStatus(), LOST], ids=["cannot be asked", "could not be asked"]
)
async def test_time_alone_repeats_no_completion_and_ends_none(
    world: World, time_machine: TimeMachine, finding: Finding
) -> None:
    order, handle, back = await lost(world, finding)
    await moved(time_machine, handle, timedelta(days=12))
    assert (await back).status == "CLARIFYING"
    assert world.psp.done == ["authorize:1", FIRST]
    assert [case.kind for case in world.books.cases.values()] == [CaseKind.IN_DOUBT]
    event = world.event(f"{order.intent_id}:authorize:1", Operation.AUTHORIZE, YES)
    await handle.signal("psp_event", event)
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", FIRST, "capture"]


async def test_a_lost_completion_that_is_still_pending_is_waited_for(
    world: World, time_machine: TimeMachine
) -> None:
    order, handle, back = await lost(world, Pending("psp-1"))
    await moved(time_machine, handle, timedelta(seconds=2))
    assert (await back).status == "PENDING"
    event = world.event(f"{order.intent_id}:authorize:1", Operation.AUTHORIZE, HARD)
    await handle.signal("psp_event", event)
    assert (await handle.result()).status == "FAILED"
    assert world.psp.done == ["authorize:1", FIRST]


async def test_a_doubt_about_a_completion_outlives_the_intent_and_a_yes_still_counts(
    world: World, time_machine: TimeMachine
) -> None:
    _, handle, back = await lost(world, *[LOST] * 10, YES)
    await moved(time_machine, handle, timedelta(hours=2))
    assert (await back).status == "CLARIFYING"
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", FIRST, "capture"]


async def test_an_authorization_that_the_psp_knows_nothing_of_is_closed_behind_the_player(
    world: World, time_machine: TimeMachine
) -> None:
    _, handle, back = await lost(world, NotFound(safe_to_repeat=True))
    await moved(time_machine, handle, timedelta(seconds=10))
    assert (await back).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", FIRST, "void:1", "authorize:2", "capture"]


async def test_an_authorization_is_repeated_under_its_key_and_no_other_account_asked(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, LOST, LOST, NotSent("connection refused"))
    world.psp.will_find(Operation.AUTHORIZE, NoStatus(safe_to_repeat=True))
    handle = await world.start(deposit())
    answering = asyncio.ensure_future(authorize(handle))
    await moved(time_machine, handle, timedelta(seconds=30))
    await answering
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done == [*["authorize:1"] * 4, "capture"]
    assert {asked.account.id for asked in world.psp.asked} == {"first"}


async def test_an_authorization_that_cannot_be_asked_about_waits_for_its_webhook_alone(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, LOST)
    world.psp.will_find(Operation.AUTHORIZE, NoStatus())
    order = deposit()
    handle = await world.start(order)
    answering = asyncio.ensure_future(authorize(handle))
    await moved(time_machine, handle, timedelta(days=3))
    assert (await answering).status == "CLARIFYING"
    assert world.psp.done == ["authorize:1"]
    event = world.event(f"{order.intent_id}:authorize:1", Operation.AUTHORIZE, YES)
    await handle.signal("psp_event", event)
    assert (await handle.result()).status == "CAPTURED"


async def test_a_lost_authorization_that_the_player_has_answered_goes_on_to_its_completion(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, LOST)
    world.psp.will_find(Operation.AUTHORIZE, READY)
    handle = await world.start(deposit())
    answering = asyncio.ensure_future(authorize(handle))
    await moved(time_machine, handle, timedelta(minutes=2))
    await answering
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", FIRST, "capture"]


async def test_a_capture_that_only_a_webhook_tells_is_rarely_looked_for_and_a_person_is_told(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.CAPTURE, Pending("psp-c"))
    world.psp.will_find(Operation.CAPTURE, NoStatus())
    order = deposit()
    handle = await world.start(order)
    assert (await authorize(handle)).status == "PENDING"
    await moved(time_machine, handle, timedelta(days=2, hours=12))
    assert (len(world.psp.lookups), world.books.cases) == (3, {})
    await time_machine.forward(handle, timedelta(days=1))
    assert len(world.psp.lookups) == 4
    [case] = world.books.cases.values()
    assert (case.kind, case.money_at_risk) == (CaseKind.IN_DOUBT, FIFTY)
    await time_machine.forward(handle, timedelta(days=6))
    assert (len(world.psp.lookups), len(world.books.cases)) == (10, 1)
    held_as = "psp-1"
    assert {(look.amount, look.parent_ref) for look in world.psp.asked_of} == {(FIFTY, held_as)}
    [asked_at] = {look.asked_at for look in world.psp.asked_of}
    assert datetime.fromisoformat(asked_at).tzinfo is not None
    key = f"{order.intent_id}:capture"
    await handle.signal("psp_event", world.event(key, Operation.CAPTURE, YES))
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", "capture"]
    assert world.wallet.amounts == {"credit": FIFTY}
