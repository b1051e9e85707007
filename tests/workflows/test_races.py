"""Two things happen at once, in either order: the money ends in one place all the same."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.infra.waiting import eventually
from tests.workflows.asking import (
    Handle,
    authorize,
    capture,
    command,
    refusal_of,
    waits_on_timer,
)
from tests.workflows.orders import FIFTY, deposit
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import CHALLENGE, HARD, SOFT, World
from workflows.domain.deposits import AuthorizeCommand, DepositOrder
from workflows.domain.escalations import CaseKind
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod
from workflows.domain.psp import Approved, Declined, Operation, Pending, Reply

YES = Approved("psp-1", FIFTY)


async def challenged(world: World) -> tuple[DepositOrder, Handle]:
    """A deposit whose player is on the PSP's page."""
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_find(Operation.AUTHORIZE, CHALLENGE)
    order = deposit()
    handle = await world.start(order)
    assert (await authorize(handle)).status == "REQUIRES_ACTION"
    return order, handle


def about(world: World, order: DepositOrder, reply: Reply, step: str = "authorize:1") -> PspEvent:
    return world.event(f"{order.intent_id}:{step}", Operation(step.partition(":")[0]), reply)


def kinds(world: World) -> list[str]:
    return [case.kind for case in world.books.cases.values()]


# --- the player leaves while the PSP says yes -------------------------------------------------


async def test_a_yes_that_comes_after_a_cancel_is_undone_by_the_void(world: World) -> None:
    order, handle = await challenged(world)
    gate = world.psp.will_hold(Operation.VOID)
    cancelling = asyncio.ensure_future(command(handle, "cancel"))
    await gate.reached.wait()
    await handle.signal("psp_event", about(world, order, YES))
    gate.opened.set()
    assert (await cancelling).status == "CANCELLED"
    assert (await handle.result()).status == "CANCELLED"
    assert world.psp.done == ["authorize:1", "void:1"]
    assert kinds(world) == []


async def test_a_yes_whose_void_is_refused_is_never_ignored(world: World) -> None:
    order, handle = await challenged(world)
    world.psp.will_answer(Operation.VOID, *[Declined("too_late", soft=False, code="V1")] * 2)
    gate = world.psp.will_hold(Operation.VOID)
    cancelling = asyncio.ensure_future(command(handle, "cancel"))
    await gate.reached.wait()
    await handle.signal("psp_event", about(world, order, YES))
    gate.opened.set()
    assert (await cancelling).status == "CANCELLED"
    await handle.result()
    assert world.psp.done == ["authorize:1", "void:1", "void:1:2"]
    assert kinds(world) == [CaseKind.UNRELEASED, CaseKind.UNRELEASED]
    assert world.wallet.commands == []


async def test_a_page_that_was_left_ends_without_a_case_where_the_psp_holds_nothing(
    world: World,
) -> None:
    order, handle = await challenged(world)
    nothing = Declined("not_voidable", soft=False, code="Transaction is not authorised")
    world.psp.will_answer(Operation.VOID, nothing)
    assert (await command(handle, "cancel")).status == "CANCELLED"
    await handle.result()
    assert (world.psp.done, kinds(world)) == (["authorize:1", "void:1"], [])
    # Should a hold come to light after all, it is voided then.
    await (await world.late(about(world, order, YES))).result()
    assert (world.psp.done[2:], kinds(world)) == (["void:1:2"], [])


async def test_a_hold_that_was_told_and_cannot_be_voided_is_a_case(world: World) -> None:
    handle = await world.start(deposit(capture_method=CaptureMethod.MANUAL))
    await authorize(handle)
    world.psp.will_answer(Operation.VOID, Declined("not_voidable", soft=False, code="V1"))
    assert (await command(handle, "void")).status == "VOIDED"
    await handle.result()
    assert kinds(world) == [CaseKind.UNRELEASED]


async def test_a_yes_just_before_the_cancel_is_captured_or_voided_never_both(world: World) -> None:
    order, handle = await challenged(world)
    signal = handle.signal("psp_event", about(world, order, YES))
    await asyncio.gather(signal, command(handle, "cancel"), return_exceptions=True)
    result = await handle.result()
    if result.status == "CAPTURED":
        assert world.psp.done == ["authorize:1", "capture"]
        assert world.wallet.commands == ["credit"]
    else:
        assert result.status == "CANCELLED"
        assert world.psp.done == ["authorize:1", "void:1"]
        assert world.wallet.commands == []


async def test_a_yes_found_at_the_last_look_before_expiry_counts(
    world: World, time_machine: TimeMachine
) -> None:
    _, handle = await challenged(world)
    world.psp.will_find(Operation.AUTHORIZE, *[CHALLENGE] * 4, YES)
    await time_machine.forward(handle, timedelta(minutes=30))
    assert (await handle.result()).status == "CAPTURED"
    assert world.wallet.commands == ["credit"]


async def test_a_yes_that_comes_while_the_expired_hold_is_voided_is_undone(
    world: World, time_machine: TimeMachine
) -> None:
    order, handle = await challenged(world)
    gate = world.psp.will_hold(Operation.VOID)
    expiring = asyncio.ensure_future(time_machine.forward(handle, timedelta(minutes=31)))
    await gate.reached.wait()
    await handle.signal("psp_event", about(world, order, YES))
    gate.opened.set()
    await expiring
    assert (await handle.result()).status == "EXPIRED"
    assert kinds(world) == []


# --- commands at once -------------------------------------------------------------------------


async def test_a_second_authorize_is_refused_and_the_same_one_joins_in(world: World) -> None:
    gate = world.psp.will_hold(Operation.AUTHORIZE)
    handle = await world.start(deposit())
    first = asyncio.ensure_future(authorize(handle))
    await gate.reached.wait()
    again = asyncio.ensure_future(authorize(handle))
    refusal = await refusal_of(command(handle, "authorize", AuthorizeCommand(), under="other"))
    assert refusal.type == "IllegalState"
    gate.opened.set()
    assert (await first).status == (await again).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", "capture"]


async def test_two_captures_and_a_void_at_once_move_the_money_once(world: World) -> None:
    handle = await world.start(deposit(capture_method=CaptureMethod.MANUAL))
    await authorize(handle)
    asked: list[Any] = [
        capture(handle, FIFTY, under="c-1"),
        capture(handle, FIFTY, under="c-2"),
        command(handle, "void"),
        command(handle, "cancel"),
    ]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(answer, BaseException) for answer in answers) == 3
    await handle.result()
    assert len(world.psp.done) == 2
    assert len(world.wallet.commands) == world.psp.done.count("capture")


async def test_a_capture_after_the_capture_is_refused(world: World) -> None:
    gate = world.psp.will_hold(Operation.VOID)
    handle = await world.start(deposit(capture_method=CaptureMethod.MANUAL))
    await authorize(handle)
    await capture(handle, Money(2000, "EUR"))
    await gate.reached.wait()
    assert (await refusal_of(capture(handle, under="c-2"))).type == "IllegalState"
    gate.opened.set()
    await handle.result()
    assert world.psp.done.count("capture") == 1


# --- what webhooks say ------------------------------------------------------------------------


async def test_the_same_fact_under_many_ids_has_one_effect_and_no_case(world: World) -> None:
    order, handle = await challenged(world)
    gate = world.psp.will_hold(Operation.CAPTURE)
    for _ in range(3):
        await handle.signal("psp_event", about(world, order, YES))
    await gate.reached.wait()
    await handle.signal("psp_event", about(world, order, YES))
    gate.opened.set()
    assert (await handle.result()).status == "CAPTURED"
    assert world.wallet.commands == ["credit"]
    assert kinds(world) == []


@pytest.mark.parametrize("lie", ["psp", "operation", "amount", "currency", "reply"])
async def test_a_webhook_that_disagrees_with_what_was_asked_moves_nothing(
    world: World, lie: str
) -> None:
    order, handle = await challenged(world)
    key = f"{order.intent_id}:authorize:1"
    other = Money(4999, "EUR") if lie == "amount" else Money(5000, "USD")
    reply = Approved("psp-1", other if lie in ("amount", "currency", "reply") else FIFTY)
    amount = other if lie in ("amount", "currency") else FIFTY
    operation = Operation.CAPTURE if lie == "operation" else Operation.AUTHORIZE
    psp = "another" if lie == "psp" else world.name
    event = PspEvent(
        psp=psp, event_id="evt-1", key=key, operation=operation, reply=reply, amount=amount
    )
    await handle.signal("psp_event", event)
    assert (await command(handle, "cancel")).status == "CANCELLED"
    await handle.result()
    # A reference that cannot be one of the operation's is not even read.
    odd = lie == "operation"
    assert kinds(world) == [CaseKind.UNREADABLE if odd else CaseKind.CONTRADICTION]
    assert world.psp.done == ["authorize:1", "void:1"]
    assert world.wallet.commands == []


async def test_a_late_yes_of_an_account_that_had_declined_is_voided_at_once(
    world: World,
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, SOFT)
    order = deposit(capture_method=CaptureMethod.MANUAL)
    handle = await world.start(order)
    assert (await authorize(handle)).status == "AUTHORIZED"
    await handle.signal("psp_event", about(world, order, YES))
    await eventually(lambda: world.psp.done == ["authorize:1", "authorize:2", "void:1"])
    await handle.signal("psp_event", about(world, order, YES))
    await command(handle, "void")
    await handle.result()
    assert kinds(world) == []
    assert world.psp.done == ["authorize:1", "authorize:2", "void:1", "void:2"]


async def test_a_late_yes_after_a_look_that_said_no_is_voided_and_the_other_captured(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, Pending("psp-1"))
    world.psp.will_find(Operation.AUTHORIZE, SOFT)
    gate = world.psp.will_hold(Operation.CAPTURE)
    order = deposit()
    handle = await world.start(order)
    await authorize(handle)
    await waits_on_timer(handle, "look what became")
    moving = asyncio.ensure_future(time_machine.forward(handle, timedelta(minutes=1)))
    await gate.reached.wait()
    await handle.signal("psp_event", about(world, order, YES))
    gate.opened.set()
    await moving
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", "authorize:2", "capture", "void:1"]
    assert world.wallet.commands == ["credit"]
    assert kinds(world) == []


async def test_what_is_heard_while_the_run_ends_is_not_lost(world: World) -> None:
    world.psp.will_answer(Operation.CAPTURE, HARD)
    gate = world.psp.will_hold(Operation.VOID)
    order = deposit()
    handle = await world.start(order)
    answering = asyncio.ensure_future(authorize(handle))
    await gate.reached.wait()
    for _ in range(20):
        await handle.signal("psp_event", about(world, order, YES, "capture"))
    gate.opened.set()
    assert (await answering).status == "FAILED"
    await handle.result()
    assert kinds(world) == [CaseKind.UNEXPECTED_EVENT] * 20


async def test_a_capture_that_the_psp_promises_is_told_and_credited_by_its_webhook(
    world: World,
) -> None:
    world.psp.will_answer(Operation.CAPTURE, Pending("psp-2"))
    order = deposit()
    handle = await world.start(order)
    assert (await authorize(handle)).status == "PENDING"
    assert world.wallet.commands == []
    await handle.signal("psp_event", about(world, order, Approved("psp-2", FIFTY), "capture"))
    assert (await handle.result()).status == "CAPTURED"
    assert world.wallet.commands == ["credit"]
