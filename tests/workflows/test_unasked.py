"""What somebody else did at the PSP is heard: it ends waits, and the books follow the money."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.workflows.asking import Handle, authorize, capture, command, refusal_of
from tests.workflows.orders import FIFTY, deposit
from tests.workflows.resolving import propose
from tests.workflows.world import HARD, World
from workflows.domain.cases import Action
from workflows.domain.declines import DeclineReason
from workflows.domain.deposits import DepositOrder
from workflows.domain.escalations import CaseKind
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod
from workflows.domain.psp import Approved, Declined, Operation
from workflows.domain.records import Record

TEN, FORTY = Money(1000, "EUR"), Money(4000, "EUR")
RETURNED = Declined(DeclineReason.RETURNED, soft=False, code="AC04")


def unasked(
    world: World, payment_id: str, operation: Operation, name: str, amount: Money = FIFTY
) -> PspEvent:
    """It names our authorization; `name` is the PSP's own, of what was done."""
    key = f"{payment_id}:authorize:1"
    event = world.event(key, operation, Approved(name, amount), amount)
    return replace(event, unasked=True, about=("psp-1",), occurred_at="2026-11-03T10:00:00Z")


async def waiting(world: World) -> tuple[DepositOrder, Handle]:
    """A hold of fifty that waits for `capture`."""
    handle = await world.start(order := deposit(capture_method=CaptureMethod.MANUAL))
    assert (await authorize(handle)).status == "AUTHORIZED"
    return order, handle


async def captured(world: World) -> str:
    handle = await world.start(order := deposit())
    await authorize(handle)
    await handle.result()
    return order.intent_id


async def tell(world: World, *events: PspEvent) -> None:
    for event in events:
        await (await world.late(event)).result()


def kinds(world: World) -> list[str]:
    return [case.kind for case in world.books.cases.values()]


def last(world: World) -> Record:
    return world.books.records[-1]


# --- while we wait for `capture` --------------------------------------------------------------


async def test_a_hold_that_is_voided_at_the_psp_ends_the_deposit(world: World) -> None:
    order, handle = await waiting(world)
    event = unasked(world, order.intent_id, Operation.VOID, "void-1")
    await handle.signal("psp_event", event)
    end = await world.end_of(handle)
    assert (end.status, end.final) == ("VOIDED", True)
    assert end.facts.problem is not None
    assert end.facts.problem.reason == "voided_at_psp"
    assert world.psp.done == ["authorize:1"], "there is nothing to release"
    assert (world.wallet.commands, kinds(world)) == ([], [])


async def test_a_hold_that_is_captured_at_the_psp_is_credited(world: World) -> None:
    order, handle = await waiting(world)
    event = unasked(world, order.intent_id, Operation.CAPTURE, "cap-9")
    await handle.signal("psp_event", event)
    end = await world.end_of(handle)
    assert (end.status, end.facts.captured, end.facts.capture_ref) == ("CAPTURED", FIFTY, "cap-9")
    assert (world.wallet.commands, world.wallet.amounts) == (["credit"], {"credit": FIFTY})
    assert (world.psp.done, kinds(world)) == (["authorize:1"], [])


async def test_of_a_part_that_is_captured_at_the_psp_the_rest_is_released(world: World) -> None:
    order, handle = await waiting(world)
    event = unasked(world, order.intent_id, Operation.CAPTURE, "cap-9", FORTY)
    await handle.signal("psp_event", event)
    end = await world.end_of(handle)
    assert (end.status, end.facts.captured) == ("CAPTURED", FORTY)
    assert world.wallet.amounts == {"credit": FORTY}
    assert world.psp.done == ["authorize:1", "void:1"]


@pytest.mark.parametrize("operation", [Operation.VOID, Operation.CAPTURE])
async def test_it_is_found_by_the_ids_of_the_psp_alone(world: World, operation: Operation) -> None:
    order, handle = await waiting(world)
    event = unasked(world, order.intent_id, operation, "done-1")
    await handle.signal("psp_event", replace(event, key="", about=("other", "psp-1")))
    end = await world.end_of(handle)
    assert end.status == {"void": "VOIDED", "capture": "CAPTURED"}[operation]


async def test_more_than_is_held_is_not_believed_to_be_captured(world: World) -> None:
    order, handle = await waiting(world)
    more = unasked(world, order.intent_id, Operation.CAPTURE, "cap-9", Money(5001, "EUR"))
    await handle.signal("psp_event", more)
    await command(handle, "void")
    assert (await handle.result()).status == "VOIDED"
    assert (world.wallet.commands, kinds(world)) == ([], [CaseKind.CONTRADICTION])


@pytest.mark.parametrize("operation", [Operation.VOID, Operation.CAPTURE])
async def test_what_was_done_to_another_hold_ends_no_wait(
    world: World, operation: Operation
) -> None:
    order, handle = await waiting(world)
    event = unasked(world, order.intent_id, operation, "done-1")
    other = replace(event, key=f"{order.intent_id}:authorize:2", about=("psp-2",))
    await handle.signal("psp_event", other)
    assert (await capture(handle)).status == "CAPTURED"
    await handle.result()
    assert world.wallet.amounts == {"credit": FIFTY}


async def test_a_void_that_is_heard_before_the_hold_is_known_ends_the_wait_all_the_same(
    world: World,
) -> None:
    gate = world.psp.will_hold(Operation.AUTHORIZE)
    handle = await world.start(order := deposit(capture_method=CaptureMethod.MANUAL))
    answering = asyncio.ensure_future(authorize(handle))
    await gate.reached.wait()
    await handle.signal("psp_event", unasked(world, order.intent_id, Operation.VOID, "void-1"))
    gate.opened.set()
    await answering
    assert (await handle.result()).status == "VOIDED"


async def test_a_command_that_comes_after_the_fact_is_told_how_it_ended(world: World) -> None:
    order, handle = await waiting(world)
    gate = world.psp.will_hold(Operation.VOID)
    event = unasked(world, order.intent_id, Operation.CAPTURE, "cap-9", FORTY)
    await handle.signal("psp_event", event)
    await gate.reached.wait()
    refused = await refusal_of(capture(handle))
    assert refused.type == "IllegalState"
    gate.opened.set()
    await handle.result()
    assert world.wallet.amounts == {"credit": FORTY}


async def test_a_hold_that_is_voided_while_captures_are_stopped_ends_the_deposit(
    world: World,
) -> None:
    world.books.stop_id = 7
    handle = await world.start(order := deposit())
    assert (await authorize(handle)).status == "PARKED"
    event = unasked(world, order.intent_id, Operation.VOID, "void-1")
    await handle.signal("psp_event", event)
    assert (await handle.result()).status == "VOIDED"
    assert world.psp.done == ["authorize:1"]


# --- captured money that left without us ------------------------------------------------------


@pytest.mark.parametrize("operation", [Operation.REFUND, Operation.CHARGEBACK])
async def test_money_that_left_without_us_is_taken_from_the_player_once_and_a_person_is_told(
    world: World, operation: Operation
) -> None:
    payment_id = await captured(world)
    events = [unasked(world, payment_id, operation, "gone-1") for _ in range(2)]
    await tell(world, *events, events[0])
    assert world.wallet.commands == ["credit", "claw_back"]
    assert world.wallet.amounts[f"{operation}:gone-1"] == FIFTY
    assert (last(world).status, last(world).final) == ("REVERSED", True)
    [reversal] = last(world).facts.reversals
    assert (reversal.operation, reversal.psp_ref, reversal.amount) == (operation, "gone-1", FIFTY)
    [case] = world.books.cases.values()
    assert (case.kind, case.payment_id) == (CaseKind.MONEY_GONE, payment_id)
    assert case.money_at_risk == FIFTY


async def test_parts_are_taken_one_by_one_and_never_more_than_was_captured(world: World) -> None:
    payment_id = await captured(world)
    refunds = [
        unasked(world, payment_id, Operation.REFUND, name, amount)
        for name, amount in (("re-1", TEN), ("re-2", FORTY), ("re-3", TEN))
    ]
    await tell(world, *refunds)
    taken = {key: amount for key, amount in world.wallet.amounts.items() if key != "credit"}
    assert taken == {"refund:re-1": TEN, "refund:re-2": FORTY}
    assert kinds(world) == [CaseKind.MONEY_GONE] * 3, "that of which we know nothing as well"


async def test_what_a_chargeback_took_is_given_back_when_it_is_reversed(world: World) -> None:
    payment_id = await captured(world)
    lost = unasked(world, payment_id, Operation.CHARGEBACK, "dp-1")
    won = unasked(world, payment_id, Operation.CHARGEBACK_REVERSED, "dp-1")
    await tell(world, lost, won, replace(won, event_id="again"))
    assert world.wallet.commands == ["credit", "claw_back", "restore"]
    assert world.wallet.amounts["chargeback_reversed:dp-1"] == FIFTY
    assert world.books.statuses == ["CAPTURED", "REVERSED", "CAPTURED"]
    assert kinds(world) == [CaseKind.MONEY_GONE]


async def test_a_refund_made_at_the_psp_that_fails_gives_back_what_was_taken(world: World) -> None:
    payment_id = await captured(world)
    made = unasked(world, payment_id, Operation.REFUND, "re-1")
    failed = replace(made, event_id="f", reply=HARD, about=("re-1", "psp-1"))
    await tell(world, made, failed, replace(failed, event_id="again"))
    assert world.wallet.commands == ["credit", "claw_back", "restore"]
    assert world.wallet.amounts["refund_failed:re-1"] == FIFTY
    assert world.books.statuses == ["CAPTURED", "REVERSED", "CAPTURED"]


async def test_a_refund_that_is_told_to_have_failed_first_takes_nothing(world: World) -> None:
    payment_id = await captured(world)
    made = unasked(world, payment_id, Operation.REFUND, "re-1")
    later = "2026-11-03T10:05:00Z"
    failed = replace(made, event_id="f", reply=HARD, about=("re-1", "psp-1"), occurred_at=later)
    await tell(world, failed, made)
    assert world.wallet.commands == ["credit"]
    assert last(world).status == "CAPTURED"
    assert kinds(world) == []


async def test_a_chargeback_that_is_told_after_its_reversal_takes_nothing(world: World) -> None:
    payment_id = await captured(world)
    lost = unasked(world, payment_id, Operation.CHARGEBACK, "dp-1")
    won = unasked(world, payment_id, Operation.CHARGEBACK_REVERSED, "won-1")
    await tell(world, won, lost, replace(lost, event_id="again"))
    assert world.wallet.commands == ["credit"]
    assert (last(world).status, kinds(world)) == ("CAPTURED", [])
    assert [each.psp_ref for each in last(world).facts.reversals] == ["won-1", "dp-1"]


async def test_of_a_chargeback_the_part_is_taken_that_had_not_come_back_before(
    world: World,
) -> None:
    payment_id = await captured(world)
    won = unasked(world, payment_id, Operation.CHARGEBACK_REVERSED, "won-1", TEN)
    lost = unasked(world, payment_id, Operation.CHARGEBACK, "dp-1")
    await tell(world, won, lost)
    assert world.wallet.amounts["chargeback:dp-1"] == FORTY
    assert last(world).status == "REVERSED"


async def test_money_that_leaves_while_the_run_is_ending_is_seen_to_by_the_run(
    world: World,
) -> None:
    gate = world.psp.will_hold(Operation.CAPTURE)
    handle = await world.start(order := deposit())
    answering = asyncio.ensure_future(authorize(handle))
    await gate.reached.wait()
    event = unasked(world, order.intent_id, Operation.REFUND, "re-1", TEN)
    await handle.signal("psp_event", event)
    gate.opened.set()
    await answering
    await handle.result()
    assert world.wallet.commands == ["credit", "claw_back"]
    assert last(world).status == "REVERSED"


async def test_a_fact_that_was_found_by_the_ids_of_the_psp_is_booked(world: World) -> None:
    payment_id = await captured(world)
    event = unasked(world, payment_id, Operation.CHARGEBACK, "dp-1")
    nameless = replace(event, key="", about=("psp-1",))
    await (await world.late(nameless, payment_id)).result()
    assert world.wallet.commands == ["credit", "claw_back"]
    [case] = world.books.cases.values()
    assert case.payment_id == payment_id


async def test_a_capture_at_the_psp_after_the_end_can_be_credited(world: World) -> None:
    order, handle = await waiting(world)
    await command(handle, "void")
    await handle.result()
    await tell(world, unasked(world, order.intent_id, Operation.CAPTURE, "cap-9"))
    [case] = world.books.cases.values()
    assert case.kind is CaseKind.CONTRADICTION
    _, resolved = await propose(world, case, Action.CREDIT)
    assert resolved.status == "CASE_RESOLVED"
    assert world.wallet.amounts == {"credit": FIFTY}
    assert last(world).facts.capture_ref == "cap-9"
