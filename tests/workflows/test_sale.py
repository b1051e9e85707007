"""A sale: one question authorizes the money and takes it, where nobody needs the time between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateStage

from tests.workflows.asking import Handle, authorize, capture, command, complete, moved
from tests.workflows.orders import FIFTY, deposit
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import CHALLENGE, HARD, SOFT, World
from workflows.domain.cases import Action, PaymentStanding, allowed, subject_of
from workflows.domain.deposits import AuthorizeCommand, DepositOrder
from workflows.domain.escalations import CaseKind
from workflows.domain.identity import SALE
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod
from workflows.domain.psp import (
    Approved,
    Declined,
    Operation,
    Ready,
    SellInstruction,
    Unknown,
    VoidInstruction,
)
from workflows.domain.risk import Stopped
from workflows.domain.routing.accounts import key_of_account

TAKEN = Approved("psp-1", FIFTY, captured=True)


@pytest.fixture(autouse=True)
def selling(world: World) -> None:
    world.books.sells = tuple(key_of_account(account) for account in world.books.accounts)


async def begin(
    world: World, method: CaptureMethod = CaptureMethod.AUTOMATIC
) -> tuple[DepositOrder, Handle]:
    order = deposit(capture_method=method)
    return order, await world.start(order)


async def test_one_question_takes_the_money_and_the_player_is_credited(world: World) -> None:
    order, handle = await begin(world)
    answered = await authorize(handle)
    assert (answered.status, answered.final) == ("CAPTURED", True)
    assert world.psp.done == ["sale:1"]
    assert world.wallet.commands == ["credit"]
    [asked] = world.psp.asked
    assert isinstance(asked, SellInstruction)
    assert answered.facts.captured == FIFTY
    assert answered.facts.capture_id == "cap_" + order.intent_id.removeprefix("in_")
    assert (answered.facts.psp_ref, answered.facts.capture_ref) == ("psp-1", "psp-1")


async def test_what_is_to_be_captured_by_command_is_held(world: World) -> None:
    _, handle = await begin(world, CaptureMethod.MANUAL)
    assert (await authorize(handle)).status == "AUTHORIZED"
    await capture(handle)
    assert world.psp.done == ["authorize:1", "capture"]


async def test_an_account_that_is_to_hold_is_asked_for_a_hold(world: World) -> None:
    world.books.sells = world.books.sells[1:]
    world.psp.will_answer(Operation.AUTHORIZE, SOFT)
    _, handle = await begin(world)
    assert (await authorize(handle)).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", "sale:2"]


async def test_where_the_psp_only_held_it_after_all_it_is_captured(world: World) -> None:
    world.psp.will_answer(SALE, Approved("psp-1", FIFTY))
    _, handle = await begin(world)
    assert (await authorize(handle)).status == "CAPTURED"
    assert world.psp.done == ["sale:1", "capture"]
    assert world.wallet.commands == ["credit"]


async def test_who_may_not_pay_is_not_sold_anything(world: World) -> None:
    world.books.verdict = Stopped("limit_reached")
    _, handle = await begin(world)
    assert (await authorize(handle)).status == "FAILED"
    assert world.psp.done == []


async def test_a_soft_decline_of_a_sale_asks_the_next_account_and_a_hard_one_nobody(
    world: World,
) -> None:
    world.psp.will_answer(SALE, SOFT, TAKEN, HARD)
    _, first = await begin(world)
    assert (await authorize(first)).status == "CAPTURED"
    _, second = await begin(world)
    assert (await authorize(second)).status == "FAILED"
    assert world.psp.done == ["sale:1", "sale:2", "sale:1"]


async def test_while_captures_are_stopped_it_is_held_and_its_capture_waits(
    world: World, time_machine: TimeMachine
) -> None:
    world.books.stop_id = 7
    _, handle = await begin(world)
    parked = await authorize(handle)
    assert (parked.status, parked.facts.stop_id) == ("PARKED", 7)
    assert world.psp.done == ["authorize:1"]
    world.books.stop_id = None
    await handle.signal("resume")
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done == ["authorize:1", "capture"]
    assert world.wallet.commands == ["credit"]


async def test_while_captures_are_stopped_the_players_return_completes_no_sale(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(SALE, CHALLENGE)
    world.psp.will_find(Operation.AUTHORIZE, Ready("psp-1"))
    _, handle = await begin(world)
    assert (await authorize(handle)).status == "REQUIRES_ACTION"
    world.books.stop_id = 7
    assert (await complete(handle)).status == "PENDING"
    assert world.psp.done == ["sale:1"]
    world.books.stop_id = None
    await moved(time_machine, handle, timedelta(minutes=2))
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done[0] == "sale:1"
    assert [step.rpartition(":")[0] for step in world.psp.done[1:]] == ["sale:1:complete"]


async def test_a_player_who_comes_back_completes_a_sale(world: World) -> None:
    world.psp.will_answer(SALE, CHALLENGE)
    _, handle = await begin(world)
    await authorize(handle)
    assert (await complete(handle)).status == "CAPTURED"
    assert world.psp.done == ["sale:1", "sale:1:complete:1"]
    assert world.wallet.commands == ["credit"]


async def test_a_webhook_tells_that_a_sale_was_made_on_the_psps_page(world: World) -> None:
    world.psp.will_answer(SALE, CHALLENGE)
    order, handle = await begin(world)
    await authorize(handle)
    event = world.event(f"{order.intent_id}:sale:1", Operation.AUTHORIZE, TAKEN)
    for _ in range(3):
        await handle.signal("psp_event", event)
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done == ["sale:1"]
    assert world.wallet.commands == ["credit"]


async def test_a_sale_whose_answer_was_lost_is_looked_up_and_not_repeated(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(SALE, Unknown("reset"))
    world.psp.will_find(Operation.AUTHORIZE, Unknown("busy"), TAKEN)
    _, handle = await begin(world)
    await authorize_later(handle)
    await moved(time_machine, handle, timedelta(hours=1))
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done == ["sale:1"]
    assert world.wallet.commands == ["credit"]


async def test_a_sale_that_never_arrived_is_undone_by_our_reference_before_it_is_given_up(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(SALE, Unknown("reset"), Unknown("reset"))
    _, handle = await begin(world)
    await authorize_later(handle)
    await moved(time_machine, handle, timedelta(hours=1))
    await handle.result()
    assert world.psp.done[:2] == ["sale:1", "void:1"]
    void = world.psp.asked[1]
    assert isinstance(void, VoidInstruction)
    assert void.sale
    assert void.psp_ref is None


async def test_a_sale_of_another_amount_is_not_believed(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(SALE, Approved("psp-1", Money(2500, "EUR"), captured=True))
    world.psp.will_find(Operation.AUTHORIZE, Unknown("busy"))
    _, handle = await begin(world)
    await authorize_later(handle)
    await moved(time_machine, handle, timedelta(hours=1))
    assert any("contradict" in case.kind for case in world.books.cases.values())
    assert world.wallet.commands == []
    await handle.terminate()


@pytest.mark.parametrize("given_up", ["cancelled", "expired"])
async def test_a_sale_that_is_made_after_the_intent_was_given_up_is_given_back(
    world: World, time_machine: TimeMachine, given_up: str
) -> None:
    world.psp.will_answer(SALE, CHALLENGE)
    world.psp.will_find(Operation.AUTHORIZE, CHALLENGE)
    order, handle = await begin(world)
    await authorize(handle)
    world.psp.will_answer(Operation.VOID, Approved("page-1", Money(0, "EUR")))
    if given_up == "cancelled":
        await command(handle, "cancel")
    else:
        await time_machine.forward(handle, timedelta(minutes=31))
    assert (await handle.result()).status == given_up.upper()
    event = world.event(
        f"{order.intent_id}:sale:1", Operation.AUTHORIZE, Approved("psp-9", FIFTY, captured=True)
    )
    for _ in range(2):
        await (await world.late(event)).result()
    assert world.psp.done == ["sale:1", "void:1", "void:1:2"]
    closing, giving_back = world.psp.asked[1:]
    assert isinstance(closing, VoidInstruction)
    assert isinstance(giving_back, VoidInstruction)
    assert closing.sale
    assert (giving_back.sale, giving_back.psp_ref) == (True, "psp-9")
    assert world.wallet.commands == []
    assert world.books.cases == {}


async def test_what_a_psp_will_not_give_back_is_a_persons_who_may_order_it_again(
    world: World,
) -> None:
    order, handle = await begin(world)
    world.psp.will_answer(SALE, HARD)
    await authorize(handle)
    await handle.result()
    world.psp.will_answer(Operation.VOID, Declined("not_voidable", soft=False, code="no"))
    event = world.event(f"{order.intent_id}:sale:1", Operation.AUTHORIZE, TAKEN)
    await (await world.late(event)).result()
    [case] = world.books.cases.values()
    assert (case.kind, case.facts["sale"]) == ("unreleased", "true")
    assert "could not be given back" in case.summary
    subject = subject_of(case.facts)
    assert subject is not None
    assert subject.sale
    standing = PaymentStanding(status="FAILED", final=True, captured=False, remedied=False)
    assert Action.VOID in allowed(CaseKind.UNRELEASED, case.facts, standing)


async def test_a_sale_that_a_psp_made_twice_is_for_a_person(world: World) -> None:
    order, handle = await begin(world)
    await authorize(handle)
    await handle.result()
    second = Approved("psp-2", FIFTY, captured=True)
    event = world.event(f"{order.intent_id}:sale:1", Operation.AUTHORIZE, second)
    await (await world.late(event)).result()
    assert world.psp.done == ["sale:1"]
    [case] = world.books.cases.values()
    assert case.kind == "double"


async def authorize_later(handle: Handle) -> None:
    """Nobody waits for the answer: the run clears up a doubt."""
    await handle.start_update(
        "authorize", AuthorizeCommand(), wait_for_stage=WorkflowUpdateStage.ACCEPTED, id="authorize"
    )
