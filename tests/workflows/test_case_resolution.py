"""A case ends by a command that a person orders and a run executes, once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.workflows.asking import accepted, authorize, moved, refusal_of
from tests.workflows.fake_books import case_id_of
from tests.workflows.orders import FIFTY, deposit, payout
from tests.workflows.resolving import order_of, propose, review
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import HARD, World
from workflows.domain.cases import Action
from workflows.domain.escalations import CaseKind, NewCase
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, Operation, Unknown

YES = Approved("psp-9", FIFTY)
NO = Declined("too_late", soft=False, code="V1")


def the_case(world: World) -> NewCase:
    [case] = world.books.cases.values()
    return case


def noted(world: World) -> list[str]:
    return [what for _, what in world.books.noted]


async def captured_after_failed(world: World) -> NewCase:
    """The PSP says that it captured what had failed for us."""
    world.psp.will_answer(Operation.AUTHORIZE, HARD)
    order = deposit()
    handle = await world.start(order)
    await authorize(handle)
    await handle.result()
    key = f"{order.intent_id}:capture"
    event = world.event(key, Operation.CAPTURE, YES)
    late = await world.late(event)
    await late.result()
    return the_case(world)


async def lost_capture(world: World, machine: TimeMachine) -> asyncio.Future[object]:
    world.psp.will_answer(Operation.CAPTURE, Unknown("read timeout"))
    world.psp.will_find(Operation.CAPTURE, Unknown("down"))
    handle = await world.start(deposit())
    answering = asyncio.ensure_future(authorize(handle))
    await moved(machine, handle, timedelta(minutes=45))
    await answering
    return asyncio.ensure_future(handle.result())


async def test_a_person_s_word_lets_a_lost_capture_go_on_to_one_credit(
    world: World, time_machine: TimeMachine
) -> None:
    ending = await lost_capture(world, time_machine)
    case = the_case(world)
    assert case.kind is CaseKind.IN_DOUBT
    assert world.books.statuses[-1] == "CLARIFYING"
    _, answer = await propose(world, case, Action.MARK_APPROVED)
    assert answer.status == "CASE_RESOLVED"
    await ending
    assert world.books.statuses[-1] == "CAPTURED"
    assert world.wallet.commands == ["credit"]
    assert world.psp.done == ["authorize:1", "capture"]
    assert noted(world) == ["proposed", "resolved"]


async def test_a_person_s_no_ends_a_doubt_without_a_credit(
    world: World, time_machine: TimeMachine
) -> None:
    ending = await lost_capture(world, time_machine)
    await propose(world, the_case(world), Action.MARK_DECLINED)
    await ending
    assert world.books.statuses[-1] == "FAILED"
    assert world.wallet.commands == []
    assert world.psp.done == ["authorize:1", "capture", "void:1"]


async def test_a_capture_that_came_too_late_is_credited_once(world: World) -> None:
    case = await captured_after_failed(world)
    run, answer = await propose(world, case, Action.CREDIT, under="p-1")
    assert answer.status == "CASE_RESOLVED"
    await run.result()
    assert world.wallet.amounts == {"credit": FIFTY}
    last = world.books.records[-1]
    assert (last.status, last.facts.captured, last.facts.capture_ref) == (
        "CAPTURED",
        FIFTY,
        "psp-9",
    )
    versions = [record.version for record in world.books.of(case.payment_id)]
    assert versions == list(range(2, 2 + len(versions)))
    event = world.event(f"{case.payment_id}:capture", Operation.CAPTURE, YES)
    await (await world.late(event)).result()
    assert world.wallet.commands == ["credit"]
    assert len(world.books.cases) == 1


async def test_a_capture_that_came_too_late_is_refunded_once_and_never_credited_as_well(
    world: World,
) -> None:
    case = await captured_after_failed(world)
    key = f"{case.payment_id}:capture"
    await (await world.late(world.event(key, Operation.CAPTURE, YES))).result()
    second = next(c for c in world.books.cases.values() if c is not case)
    _, answer = await propose(world, case, Action.REFUND)
    assert answer.status == "CASE_RESOLVED"
    refusal = await refusal_of(propose(world, second, Action.CREDIT))
    assert refusal.type == "IllegalState"
    assert world.psp.done == ["authorize:1", "case-refund"]
    assert world.wallet.commands == []


async def test_two_remedies_at_once_move_the_money_once(world: World) -> None:
    case = await captured_after_failed(world)
    key = f"{case.payment_id}:capture"
    await (await world.late(world.event(key, Operation.CAPTURE, YES))).result()
    second = next(c for c in world.books.cases.values() if c is not case)
    await asyncio.gather(
        propose(world, case, Action.REFUND),
        propose(world, second, Action.CREDIT),
        return_exceptions=True,
    )
    refunded = world.psp.done.count("case-refund")
    assert refunded + len(world.wallet.commands) == 1


async def test_a_refund_that_the_psp_declines_leaves_the_case_open_for_another_command(
    world: World,
) -> None:
    case = await captured_after_failed(world)
    world.psp.will_answer(Operation.REFUND, NO)
    run, answer = await propose(world, case, Action.REFUND)
    assert answer.status == "CASE_NOT_DONE"
    await run.result()
    _, answer = await propose(world, case, Action.CREDIT)
    assert answer.status == "CASE_RESOLVED"
    assert world.wallet.amounts == {"credit": FIFTY}
    assert noted(world) == ["proposed", "not_done", "proposed", "resolved"]


async def test_a_hold_that_was_not_released_is_voided_by_a_new_instruction(world: World) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, HARD)
    order = deposit()
    handle = await world.start(order)
    await authorize(handle)
    await handle.result()
    world.psp.will_answer(Operation.VOID, NO)
    key = f"{order.intent_id}:authorize:1"
    await (await world.late(world.event(key, Operation.AUTHORIZE, YES))).result()
    case = the_case(world)
    assert case.kind is CaseKind.UNRELEASED
    _, answer = await propose(world, case, Action.VOID)
    assert answer.status == "CASE_RESOLVED"
    assert world.psp.done == ["authorize:1", "void:1", "case-void:1"]
    await (await world.late(world.event(key, Operation.AUTHORIZE, YES))).result()
    assert world.psp.done == ["authorize:1", "void:1", "case-void:1"]


async def test_much_money_needs_a_second_person_who_is_not_the_first(world: World) -> None:
    case = await captured_after_failed(world)
    world.books.much = True
    run, answer = await propose(world, case, Action.CREDIT, by="ann", under="wish-1")
    assert answer.status == "CASE_AWAITING_APPROVAL"
    assert world.wallet.commands == []
    assert (await refusal_of(review(run, "wish-1", by="ann"))).type == "FourEyes"
    assert (await review(run, "wish-1", by="bob")).status == "CASE_RESOLVED"
    assert world.wallet.commands == ["credit"]
    assert noted(world) == ["proposed", "approved", "resolved"]
    assert world.books.notes[next(reversed(world.books.notes))].facts["approved_by"] == "bob"


async def test_a_second_person_s_no_leaves_the_case_open(world: World) -> None:
    case = await captured_after_failed(world)
    world.books.much = True
    run, _ = await propose(world, case, Action.CREDIT, under="wish-1")
    assert (await review(run, "wish-1", approve=False)).status == "CASE_DECLINED"
    assert world.wallet.commands == []
    await run.result()
    _, answer = await propose(world, case, Action.DISMISS)
    assert answer.status == "CASE_AWAITING_APPROVAL"


async def test_a_proposal_that_nobody_decides_on_lapses(
    world: World, time_machine: TimeMachine
) -> None:
    case = await captured_after_failed(world)
    world.books.much = True
    run, _ = await propose(world, case, Action.CREDIT)
    await time_machine.forward(run, timedelta(days=31))
    assert (await run.result()).status == "CASE_LAPSED"
    assert world.wallet.commands == []


async def test_a_case_that_is_resolved_takes_no_further_command(world: World) -> None:
    case = await captured_after_failed(world)
    run, _ = await propose(world, case, Action.DISMISS)
    await run.result()
    for action in Action:
        refusal = await refusal_of(propose(world, case, action))
        assert (refusal.type, refusal.message) == ("IllegalState", "the case is resolved")
    assert world.wallet.commands == []


async def test_only_one_proposal_at_a_time(world: World) -> None:
    case = await captured_after_failed(world)
    world.books.much = True
    await propose(world, case, Action.CREDIT)
    refusal = await refusal_of(propose(world, case, Action.DISMISS))
    assert "another proposal" in refusal.message


@pytest.mark.parametrize("amount", [Money(5001, "EUR"), Money(5000, "USD")])
async def test_no_more_than_the_case_is_about_can_be_credited(world: World, amount: Money) -> None:
    case = await captured_after_failed(world)
    refusal = await refusal_of(propose(world, case, Action.CREDIT, amount=amount))
    assert refusal.message == "at most 50.00 EUR"
    assert world.books.noted == []


async def test_a_command_for_a_run_that_is_over_is_refused(world: World) -> None:
    case = await captured_after_failed(world)
    refusal = await refusal_of(propose(world, case, Action.MARK_APPROVED))
    assert refusal.message == (
        "only credit, refund, dismiss can be done about this case as things stand"
    )


async def test_a_run_to_which_nobody_proposes_anything_ends(
    world: World, time_machine: TimeMachine
) -> None:
    case = await captured_after_failed(world)
    run = await world.start(order_of(case))
    await time_machine.forward(run, timedelta(hours=2))
    assert (await run.result()).status == "CASE_WAITING"


async def test_a_payout_that_came_back_under_a_case_is_given_back_once(world: World) -> None:
    order = payout()
    handle = await world.start(order)
    await accepted(handle)
    await handle.result()
    key = f"{order.payout_id}:payout:1"
    less = Money(4000, "EUR")
    await (await world.late(world.event(key, Operation.PAYOUT, NO, less))).result()
    case = the_case(world)
    refusal = await refusal_of(propose(world, case, Action.CREDIT, amount=less))
    assert "done in full" in refusal.message
    _, answer = await propose(world, case, Action.CREDIT)
    assert answer.status == "CASE_RESOLVED"
    assert world.wallet.amounts["return"] == FIFTY
    assert world.books.statuses[-1] == "PAYOUT_RETURNED"
    assert world.books.noted[-1] == (case_id_of(case.key), "resolved")
