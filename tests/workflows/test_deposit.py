"""The deposit, step by step, with a PSP that does as it is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import FIFTY, World, deposit
from workflows.domain.deposits import AuthorizeCommand, CaptureCommand, DepositOrder
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod, CaseKind, Record, Stopped
from workflows.domain.psp import (
    Approved,
    Authentication,
    Declined,
    NotFound,
    NotSent,
    Operation,
    Pending,
    Unknown,
)

Handle = WorkflowHandle[Any, Record]
SOFT = Declined("do_not_honor", soft=True, code="05")
HARD = Declined("stolen_card", soft=False, code="43")
CHALLENGE = Pending("psp-1", "https://psp.example/challenge/1")


async def authorize(handle: Handle) -> Record:
    return await handle.execute_update(
        "authorize", AuthorizeCommand(), id="authorize-1", result_type=Record
    )


async def begin(world: World, **changes: Any) -> tuple[DepositOrder, Handle]:
    order = deposit(**changes)
    return order, await world.start(order)


async def test_a_plain_deposit_is_authorized_captured_and_credited(world: World) -> None:
    order, handle = await begin(world)
    answered = await authorize(handle)
    assert (answered.status, answered.final) == ("CAPTURED", True)
    assert answered.facts.capture_id == "cap_" + order.intent_id.removeprefix("in_")
    assert answered.facts.captured == FIFTY
    assert world.psp.done == ["authorize:1", "capture"]
    assert world.wallet.commands == ["credit"]
    assert (await handle.result()).status == "CAPTURED"
    assert world.books.statuses == ["CAPTURED"]


async def test_a_soft_decline_asks_the_next_account(world: World) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, SOFT)
    _, handle = await begin(world)
    answered = await authorize(handle)
    assert answered.status == "CAPTURED"
    assert [a.account.id for a in answered.facts.attempts] == ["first", "second", "second"]
    assert [a.outcome for a in answered.facts.attempts] == ["declined", "approved", "approved"]


async def test_a_hard_decline_is_not_tried_again(world: World) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, HARD)
    _, handle = await begin(world)
    answered = await authorize(handle)
    assert (answered.status, answered.final) == ("FAILED", True)
    assert answered.facts.problem is not None
    assert answered.facts.problem.reason == "stolen_card"
    assert world.psp.done == ["authorize:1"]
    assert world.wallet.commands == []


async def test_soft_declines_everywhere_fail_the_deposit(world: World) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, SOFT, SOFT)
    _, handle = await begin(world)
    assert (await authorize(handle)).status == "FAILED"
    assert world.psp.done == ["authorize:1", "authorize:2"]


async def test_what_never_left_us_asks_the_next_account(world: World) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, NotSent("connection refused"))
    _, handle = await begin(world)
    assert (await authorize(handle)).status == "CAPTURED"


async def test_a_challenge_is_shown_and_its_result_comes_by_webhook(world: World) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    order, handle = await begin(world)
    answered = await authorize(handle)
    assert answered.status == "REQUIRES_ACTION"
    assert answered.facts.redirect_url == CHALLENGE.redirect_url
    proof = Authentication(scheme="visa", eci="05", cavv="AAAB")
    key = f"{order.intent_id}:authorize:1"
    event = world.event(key, Operation.AUTHORIZE, Approved("psp-1", FIFTY, proof))
    for _ in range(3):
        await handle.signal("psp_event", event)
    result = await handle.result()
    assert result.status == "CAPTURED"
    assert result.facts.authentication == proof
    assert world.psp.done == ["authorize:1", "capture"]
    assert world.wallet.commands == ["credit"]


async def test_a_player_who_never_returns_lets_the_intent_expire_and_the_hold_go(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_find(Operation.AUTHORIZE, CHALLENGE)
    _, handle = await begin(world)
    await authorize(handle)
    await time_machine.forward(handle, timedelta(minutes=31))
    result = await handle.result()
    assert result.status == "EXPIRED"
    assert world.psp.done == ["authorize:1", "void:1"]
    assert world.wallet.commands == []


async def test_a_lost_webhook_is_caught_up_by_asking(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, Pending("psp-1"))
    world.psp.will_find(Operation.AUTHORIZE, Pending("psp-1"), Approved("psp-1", FIFTY))
    _, handle = await begin(world)
    assert (await authorize(handle)).status == "PENDING"
    await time_machine.forward(handle, timedelta(minutes=5))
    assert (await handle.result()).status == "CAPTURED"


async def test_an_intent_that_nobody_authorizes_expires(
    world: World, time_machine: TimeMachine
) -> None:
    _, handle = await begin(world)
    await time_machine.forward(handle, timedelta(minutes=31))
    assert (await handle.result()).status == "EXPIRED"
    assert world.psp.done == []


async def test_a_cancel_before_anything_happened_closes_the_intent(world: World) -> None:
    _, handle = await begin(world)
    answered = await handle.execute_update("cancel", id="c", result_type=Record)
    assert (answered.status, answered.final) == ("CANCELLED", True)
    assert world.psp.done == []


async def test_a_cancel_during_the_challenge_voids_at_the_psp(world: World) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    _, handle = await begin(world)
    await authorize(handle)
    answered = await handle.execute_update("cancel", id="c", result_type=Record)
    assert answered.status == "CANCELLED"
    assert world.psp.done == ["authorize:1", "void:1"]


async def test_cancelling_the_run_in_the_web_ui_ends_it_in_order(world: World) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    _, handle = await begin(world)
    await authorize(handle)
    await handle.cancel()
    assert (await handle.result()).status == "CANCELLED"
    assert world.psp.done == ["authorize:1", "void:1"]


async def test_a_part_is_captured_by_hand_and_the_rest_voided(world: World) -> None:
    _, handle = await begin(world, capture_method=CaptureMethod.MANUAL)
    assert (await authorize(handle)).status == "AUTHORIZED"
    part = Money(2000, "EUR")
    answered = await handle.execute_update(
        "capture", CaptureCommand(amount=part), id="c", result_type=Record
    )
    assert (answered.status, answered.facts.captured) == ("CAPTURED", part)
    result = await handle.result()
    assert result.final
    assert world.psp.done == ["authorize:1", "capture", "void:1"]
    assert world.psp.asked[-1].amount == Money(3000, "EUR")
    assert world.wallet.amounts == {"credit": part}


@pytest.mark.parametrize("amount", [Money(5001, "EUR"), Money(0, "EUR"), Money(1, "USD")])
async def test_a_capture_beyond_the_hold_is_refused(world: World, amount: Money) -> None:
    _, handle = await begin(world, capture_method=CaptureMethod.MANUAL)
    await authorize(handle)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update("capture", CaptureCommand(amount=amount), id="c")
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "InvalidAmount"
    assert world.psp.done == ["authorize:1"]


async def test_a_hold_is_voided_on_command(world: World) -> None:
    _, handle = await begin(world, capture_method=CaptureMethod.MANUAL)
    await authorize(handle)
    answered = await handle.execute_update("void", id="v", result_type=Record)
    assert answered.status == "VOIDED"
    assert world.psp.done == ["authorize:1", "void:1"]


async def test_a_hold_that_nobody_captures_is_voided_in_time(
    world: World, time_machine: TimeMachine
) -> None:
    _, handle = await begin(world, capture_method=CaptureMethod.MANUAL)
    await authorize(handle)
    await time_machine.forward(handle, timedelta(days=8))
    assert (await handle.result()).status == "EXPIRED"
    assert world.psp.done == ["authorize:1", "void:1"]


async def test_a_refused_capture_voids_the_hold_and_leaves_the_wallet_alone(world: World) -> None:
    world.psp.will_answer(Operation.CAPTURE, Declined("capture_refused", False, "X"))
    _, handle = await begin(world)
    answered = await authorize(handle)
    assert answered.status == "FAILED"
    assert world.psp.done == ["authorize:1", "capture", "void:1"]
    assert world.wallet.commands == []


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
    result = await handle.result()
    assert result.facts.captured == FIFTY
    assert [case.kind for case in world.books.cases.values()] == [CaseKind.CONTRADICTION]
    assert world.wallet.amounts == {"credit": FIFTY}


async def test_a_webhook_ahead_of_the_answer_is_kept_and_accounted_for(world: World) -> None:
    order, handle = await begin(world, capture_method=CaptureMethod.MANUAL)
    key = f"{order.intent_id}:authorize:1"
    early = world.event(key, Operation.AUTHORIZE, Approved("psp-1", FIFTY))
    await handle.signal("psp_event", early)
    await authorize(handle)
    await handle.execute_update("void", id="v")
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


async def test_a_stopped_player_never_reaches_a_psp(world: World) -> None:
    world.books.verdict = Stopped("player_blocked")
    _, handle = await begin(world)
    answered = await authorize(handle)
    assert answered.status == "FAILED"
    assert answered.facts.problem is not None
    assert answered.facts.problem.reason == "player_blocked"
    assert world.psp.done == []


async def test_without_a_route_the_deposit_fails_and_says_so(world: World) -> None:
    world.books.accounts = ()
    _, handle = await begin(world)
    answered = await authorize(handle)
    assert answered.facts.problem is not None
    assert answered.facts.problem.reason == "no_route"


@pytest.mark.parametrize("command", ["void", "capture", "authorize"])
async def test_a_command_out_of_turn_is_refused_and_names_the_state(
    world: World, command: str
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    _, handle = await begin(world)
    await authorize(handle)
    arguments: dict[str, list[Any]] = {
        "void": [],
        "capture": [CaptureCommand()],
        "authorize": [AuthorizeCommand()],
    }
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update(command, args=arguments[command], id="again")
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "IllegalState"
    assert "REQUIRES_ACTION" in refused.value.cause.message
    await handle.cancel()


async def moved(machine: TimeMachine, handle: Handle, by: timedelta) -> None:
    """Move the clock once the run waits on a timer after a lost answer."""
    async for event in handle.fetch_history_events(wait_new_event=True):
        if event.HasField("timer_started_event_attributes"):
            summary = event.user_metadata.summary.data.decode()
            if "look what became" in summary:
                break
    await machine.forward(handle, by)
