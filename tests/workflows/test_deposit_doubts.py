"""A deposit whose answers get lost, come late or contradict each other."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from tests.workflows.asking import Handle, authorize, command, moved
from tests.workflows.orders import FIFTY, deposit
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import CHALLENGE, HARD, World
from workflows.domain.deposits import DepositOrder
from workflows.domain.escalations import CaseKind
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod
from workflows.domain.psp import Approved, Declined, NotFound, NotSent, Operation, Unknown


async def begin(world: World, **changes: Any) -> tuple[DepositOrder, Handle]:
    order = deposit(**changes)
    return order, await world.start(order)


async def test_an_authorization_lost_on_the_wire_is_looked_up_not_repeated(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, Unknown("read timeout"))
    world.psp.will_find(Operation.AUTHORIZE, Approved("psp-1", FIFTY))
    _, handle = await begin(world)
    answering = asyncio.ensure_future(authorize(handle))
    await moved(time_machine, handle, timedelta(seconds=2))
    assert (await answering).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", "capture"]
    assert world.psp.lookups == [world.psp.asked[0].key]


async def test_a_capture_lost_on_the_wire_is_looked_up_not_repeated(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.CAPTURE, Unknown("read timeout"))
    world.psp.will_find(Operation.CAPTURE, Approved("psp-2", FIFTY))
    _, handle = await begin(world)
    answering = asyncio.ensure_future(authorize(handle))
    await moved(time_machine, handle, timedelta(seconds=2))
    assert (await answering).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", "capture"]
    assert world.wallet.commands == ["credit"]


async def test_an_authorization_that_never_arrived_is_voided_before_another_account_is_asked(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, Unknown("500"))
    world.psp.will_find(Operation.AUTHORIZE, NotFound())
    _, handle = await begin(world)
    answering = asyncio.ensure_future(authorize(handle))
    await moved(time_machine, handle, timedelta(seconds=10))
    assert (await answering).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", "void:1", "authorize:2", "capture"]


async def test_a_psp_that_voids_by_its_own_id_alone_is_asked_again_under_the_same_key(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, Unknown("500"))
    world.psp.will_answer(Operation.VOID, NotSent("a hold is released by its id alone"))
    world.psp.will_find(Operation.AUTHORIZE, NotFound(safe_to_repeat=True))
    _, handle = await begin(world)
    answering = asyncio.ensure_future(authorize(handle))
    await moved(time_machine, handle, timedelta(seconds=10))
    assert (await answering).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", "void:1", "authorize:1", "capture"]


async def test_what_a_psp_forgets_is_never_asked_again_without_its_void(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, Unknown("500"))
    world.psp.will_answer(Operation.VOID, NotSent("no connection"), NotSent("no connection"))
    world.psp.will_find(Operation.AUTHORIZE, NotFound())
    _, handle = await begin(world)
    answering = asyncio.ensure_future(authorize(handle))
    await moved(time_machine, handle, timedelta(minutes=2))
    assert (await answering).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", *["void:1"] * 3, "authorize:2", "capture"]


async def test_a_doubt_that_lasts_is_told_and_becomes_a_case_but_never_a_failure(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, Unknown("read timeout"))
    world.psp.will_find(Operation.AUTHORIZE, Unknown("still down"))
    order, handle = await begin(world)
    answering = asyncio.ensure_future(authorize(handle))
    await moved(time_machine, handle, timedelta(days=33))
    assert (await answering).status == "CLARIFYING"
    assert world.books.statuses == ["CLARIFYING"]
    assert [case.kind for case in world.books.cases.values()] == [CaseKind.IN_DOUBT]
    assert world.psp.done == ["authorize:1"]
    world.psp.will_find(Operation.AUTHORIZE, Declined("lost_card", False, "41"))
    event = world.event(f"{order.intent_id}:authorize:1", Operation.AUTHORIZE, HARD)
    await handle.signal("psp_event", event)
    assert (await handle.result()).status == "FAILED"


async def test_a_webhook_with_another_amount_changes_nothing_and_becomes_a_case(
    world: World,
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_find(Operation.AUTHORIZE, CHALLENGE)
    order, handle = await begin(world)
    await authorize(handle)
    key, more = f"{order.intent_id}:authorize:1", Money(500000, "EUR")
    lie = world.event(key, Operation.AUTHORIZE, Approved("psp-1", more), more)
    await handle.signal("psp_event", lie)
    truth = world.event(key, Operation.AUTHORIZE, Approved("psp-1", FIFTY))
    await handle.signal("psp_event", truth)
    result = await world.end_of(handle)
    assert result.facts.captured == FIFTY
    assert [case.kind for case in world.books.cases.values()] == [CaseKind.CONTRADICTION]
    assert world.wallet.amounts == {"credit": FIFTY}


async def test_a_webhook_ahead_of_the_answer_is_kept_and_accounted_for(world: World) -> None:
    order, handle = await begin(world, capture_method=CaptureMethod.MANUAL)
    key = f"{order.intent_id}:authorize:1"
    early = world.event(key, Operation.AUTHORIZE, Approved("psp-1", FIFTY))
    await handle.signal("psp_event", early)
    await authorize(handle)
    await command(handle, "void")
    assert (await handle.result()).status == "VOIDED"
    assert world.books.cases == {}


async def test_a_webhook_that_contradicts_the_end_becomes_a_case(world: World) -> None:
    world.psp.will_answer(Operation.CAPTURE, Declined("capture_refused", False, "X"))
    order, handle = await begin(world)
    key = f"{order.intent_id}:capture"
    await handle.signal("psp_event", world.event(key, Operation.CAPTURE, Approved("psp-9", FIFTY)))
    await authorize(handle)
    assert (await handle.result()).status == "FAILED"
    assert [c.kind for c in world.books.cases.values()] == [CaseKind.UNEXPECTED_EVENT]
