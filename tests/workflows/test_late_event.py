"""A fact that comes when the payment is over is decided against what we know, once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.workflows.asking import Handle, accepted, authorize, command
from tests.workflows.orders import FIFTY, deposit, payout, refund
from tests.workflows.world import HARD, SOFT, World
from workflows.domain.declines import DeclineReason
from workflows.domain.deposits import DepositOrder
from workflows.domain.escalations import CaseKind
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.orders import PaymentOrder, id_of
from workflows.domain.payments import CaptureMethod
from workflows.domain.psp import (
    Approved,
    Declined,
    Operation,
    Pending,
    Ready,
    Reply,
    VoidInstruction,
)

YES = Approved("psp-1", FIFTY)
RETURNED = Declined(DeclineReason.RETURNED, soft=False, code="AC04")


async def over(world: World, order: PaymentOrder) -> Handle:
    """A payment that has come to its end."""
    handle = await world.start(order)
    if isinstance(order, DepositOrder):
        await authorize(handle)
    else:
        await accepted(handle)
    await handle.result()
    return handle


async def failed_deposit(world: World) -> str:
    world.psp.will_answer(Operation.AUTHORIZE, HARD)
    order = deposit()
    await over(world, order)
    assert world.books.statuses == ["FAILED"]
    return order.intent_id


def kinds(world: World) -> list[str]:
    return [case.kind for case in world.books.cases.values()]


async def tell(world: World, *events: PspEvent) -> None:
    for event in events:
        await (await world.late(event)).result()


async def test_a_hold_that_comes_after_the_end_is_voided_once_however_often_it_is_told(
    world: World,
) -> None:
    key = f"{await failed_deposit(world)}:authorize:1"
    yes = world.event(key, Operation.AUTHORIZE, YES)
    again = world.event(key, Operation.AUTHORIZE, YES)
    await tell(world, yes, yes, again)
    assert world.psp.done == ["authorize:1", "void:1"]
    assert kinds(world) == []
    assert world.wallet.commands == []
    last = world.books.records[-1]
    assert (last.version, last.status, last.final) == (3, "FAILED", True)
    assert [a.outcome for a in last.facts.attempts] == ["declined", "approved"]


async def test_two_late_facts_at_once_are_seen_to_by_one_run(world: World) -> None:
    payment_id = await failed_deposit(world)
    gate = world.psp.will_hold(Operation.VOID)
    key = f"{payment_id}:authorize:1"
    handle = await world.late(world.event(key, Operation.AUTHORIZE, YES))
    await gate.reached.wait()
    await world.late(world.event(f"{payment_id}:void:1", Operation.VOID, YES))
    await world.late(world.event(key, Operation.AUTHORIZE, YES))
    gate.opened.set()
    assert len(await handle.result()) == 2
    assert world.psp.done == ["authorize:1", "void:1"]
    assert kinds(world) == []


async def test_a_late_hold_that_the_psp_will_not_void_becomes_a_case(world: World) -> None:
    key = f"{await failed_deposit(world)}:authorize:1"
    world.psp.will_answer(Operation.VOID, Declined("too_late", soft=False, code="V1"))
    await tell(world, world.event(key, Operation.AUTHORIZE, YES))
    assert kinds(world) == [CaseKind.UNRELEASED]


async def test_a_capture_after_the_end_moves_nothing_and_the_case_has_both_facts(
    world: World,
) -> None:
    key = f"{await failed_deposit(world)}:capture"
    await tell(world, world.event(key, Operation.CAPTURE, YES))
    assert world.psp.done == ["authorize:1"]
    assert world.wallet.commands == []
    [case] = world.books.cases.values()
    assert (case.kind, case.money_at_risk) == (CaseKind.CONTRADICTION, FIFTY)
    assert case.facts["our_status"] == "FAILED"
    assert (case.facts["reply"], case.facts["operation"]) == ("approved", "capture")


async def test_what_we_know_already_changes_nothing(world: World) -> None:
    order = deposit()
    await over(world, order)
    steps = {"authorize:1": Operation.AUTHORIZE, "capture": Operation.CAPTURE}
    events = [world.event(f"{order.intent_id}:{step}", op, YES) for step, op in steps.items()]
    await tell(world, *events)
    assert world.psp.done == ["authorize:1", "capture"]
    assert world.wallet.commands == ["credit"]
    assert (kinds(world), len(world.books.records)) == ([], 1)


@pytest.mark.parametrize("ended", ["FAILED", "CAPTURED"])
async def test_that_the_player_is_done_means_nothing_when_the_payment_is_over(
    world: World, ended: str
) -> None:
    order = deposit()
    if ended == "FAILED":
        world.psp.will_answer(Operation.AUTHORIZE, HARD)
    await over(world, order)
    done = list(world.psp.done)
    key = f"{order.intent_id}:authorize:1"
    await tell(world, world.event(key, Operation.AUTHORIZE, Ready("psp-1")))
    assert (world.psp.done, kinds(world), world.books.statuses) == (done, [], [ended])


async def test_a_second_hold_beside_the_captured_one_is_voided(world: World) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, SOFT)
    order = deposit()
    await over(world, order)
    key = f"{order.intent_id}:authorize:1"
    await tell(world, world.event(key, Operation.AUTHORIZE, YES))
    assert world.psp.done == ["authorize:1", "authorize:2", "capture", "void:1"]
    assert world.books.records[-1].status == "CAPTURED"
    assert kinds(world) == []


async def test_a_payout_that_the_bank_returns_is_credited_once(world: World) -> None:
    order = payout()
    await over(world, order)
    key = f"{order.payout_id}:payout:1"
    back = world.event(key, Operation.PAYOUT, RETURNED)
    await tell(world, back, back, world.event(key, Operation.PAYOUT, RETURNED))
    assert world.wallet.commands == ["hold", "capture_hold", "credit"]
    assert world.wallet.amounts["return"] == FIFTY
    assert world.books.statuses == ["PAYOUT_SETTLED", "PAYOUT_RETURNED"]
    assert [record.version for record in world.books.records] == [2, 3]
    problem = world.books.records[-1].facts.problem
    assert problem is not None
    assert (problem.reason, problem.code) == ("returned", "AC04")
    assert kinds(world) == []


async def test_a_return_of_another_amount_changes_nothing_and_becomes_a_case(world: World) -> None:
    order = payout()
    await over(world, order)
    less = Money(4000, "EUR")
    key = f"{order.payout_id}:payout:1"
    await tell(world, world.event(key, Operation.PAYOUT, RETURNED, less))
    assert world.wallet.commands == ["hold", "capture_hold"]
    assert kinds(world) == [CaseKind.CONTRADICTION]


async def test_a_refund_that_comes_back_is_the_player_s_again(world: World) -> None:
    order = refund(world.name)
    await over(world, order)
    await tell(world, world.event(f"{order.refund_id}:refund", Operation.REFUND, RETURNED))
    assert world.wallet.commands == ["hold", "capture_hold", "credit"]
    assert world.books.statuses == ["REFUND_PROCESSED", "REFUND_RETURNED"]


@pytest.mark.parametrize("what", ["payout", "refund"])
async def test_a_no_after_the_money_left_moves_nothing_and_the_case_has_both_facts(
    world: World, what: str
) -> None:
    order: PaymentOrder = payout() if what == "payout" else refund(world.name)
    await over(world, order)
    step = "payout:1" if what == "payout" else "refund"
    no = Declined(DeclineReason.NOT_PERMITTED, soft=False, code="N7")
    await tell(world, world.event(f"{id_of(order)}:{step}", Operation(what), no))
    assert world.wallet.commands == ["hold", "capture_hold"]
    assert len(world.books.statuses) == 1
    [case] = world.books.cases.values()
    assert (case.kind, case.money_at_risk) == (CaseKind.CONTRADICTION, FIFTY)
    facts = case.facts
    assert (facts["our_outcome"], facts["reply"]) == ("approved", "declined")
    assert (facts["reason"], facts["code"]) == ("not_permitted", "N7")


@pytest.mark.parametrize("what", ["payout", "refund"])
async def test_money_that_left_after_all_becomes_a_case(world: World, what: str) -> None:
    operation = Operation(what)
    world.psp.will_answer(operation, HARD)
    order: PaymentOrder = payout() if what == "payout" else refund(world.name)
    await over(world, order)
    step = "payout:1" if what == "payout" else "refund"
    await tell(world, world.event(f"{id_of(order)}:{step}", operation, YES))
    assert world.wallet.commands == ["hold", "release"]
    [case] = world.books.cases.values()
    assert (case.kind, case.money_at_risk) == (CaseKind.CONTRADICTION, FIFTY)
    assert case.facts["our_outcome"] == "declined"


async def test_a_late_yes_of_a_hold_that_was_released_is_no_news(world: World) -> None:
    handle = await world.start(order := deposit(capture_method=CaptureMethod.MANUAL))
    await authorize(handle)
    await command(handle, "void")
    await handle.result()
    key = f"{order.intent_id}:authorize:1"
    reply: Reply = Approved("psp-1", FIFTY)
    await tell(world, world.event(key, Operation.AUTHORIZE, reply))
    assert world.psp.done == ["authorize:1", "void:1"]
    assert kinds(world) == []


async def gave_up_the_page(world: World, link: str) -> DepositOrder:
    """The player went to the page and was not seen again; what is voided is the page."""
    world.psp.will_answer(Operation.AUTHORIZE, Pending(link, "https://psp.example/page"))
    world.psp.will_answer(Operation.VOID, Approved(link, FIFTY))
    handle = await world.start(order := deposit())
    await authorize(handle)
    await command(handle, "cancel")
    await handle.result()
    return order


async def test_a_hold_that_the_release_did_not_name_is_voided_once_by_its_own_name(
    world: World,
) -> None:
    order = await gave_up_the_page(world, "link_1")
    key = f"{order.intent_id}:authorize:1"
    yes, again = (world.event(key, Operation.AUTHORIZE, YES) for _ in range(2))
    await tell(world, yes, again)
    assert world.psp.done == ["authorize:1", "void:1", "void:1:2"]
    page, hold = (a for a in world.psp.asked if isinstance(a, VoidInstruction))
    assert (page.psp_ref, hold.psp_ref) == ("link_1", "psp-1")
    assert hold.authorize_key == page.authorize_key == key
    assert kinds(world) == []


async def test_a_hold_that_comes_while_the_page_is_being_closed_is_voided_before_the_end(
    world: World,
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, Pending("link_1", "https://psp.example/page"))
    world.psp.will_answer(Operation.VOID, Approved("link_1", FIFTY))
    gate = world.psp.will_hold(Operation.VOID)
    handle = await world.start(order := deposit())
    await authorize(handle)
    cancelling = asyncio.ensure_future(command(handle, "cancel"))
    await gate.reached.wait()
    key = f"{order.intent_id}:authorize:1"
    for _ in range(2):
        await handle.signal("psp_event", world.event(key, Operation.AUTHORIZE, YES))
    gate.opened.set()
    await cancelling
    assert (await handle.result()).status == "CANCELLED"
    assert world.psp.done == ["authorize:1", "void:1", "void:1:2"]
    assert kinds(world) == []


async def test_a_second_hold_that_the_psp_will_not_void_becomes_one_case_and_can_be_ordered(
    world: World,
) -> None:
    order = await gave_up_the_page(world, "link_1")
    world.psp.will_answer(Operation.VOID, *[Declined("not_voidable", soft=False, code="V1")] * 2)
    key = f"{order.intent_id}:authorize:1"
    yes, again = (world.event(key, Operation.AUTHORIZE, YES) for _ in range(2))
    await tell(world, yes, again)
    [case] = world.books.cases.values()
    assert (case.kind, case.facts["key"]) == (CaseKind.UNRELEASED, f"{order.intent_id}:void:1:2")


async def test_the_web_ui_shows_what_became_of_a_late_fact(world: World) -> None:
    payment_id = await failed_deposit(world)
    event = world.event(f"{payment_id}:capture", Operation.CAPTURE, YES, event_id="evt-9")
    handle = await world.late(event)
    [line] = await handle.result()
    assert line.startswith(f"capture approved of 50.00 EUR ({world.name} evt-9)")
    description = await handle.describe(rpc_timeout=timedelta(seconds=5))
    columns = {pair.key.name: pair.value for pair in description.typed_search_attributes}
    assert (columns["PaymentStatus"], columns["AmountMinor"]) == ("FAILED", 5000)
