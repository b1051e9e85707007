"""An authorization that takes a second call, once the player has done their part at the PSP."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateHandle, WorkflowUpdateStage

from tests.workflows.asking import (
    Handle,
    authorize,
    capture,
    command,
    complete,
    moved,
    refusal_of,
    waits_on_timer,
)
from tests.workflows.orders import FIFTY, deposit
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import CHALLENGE, HARD, SOFT, World
from workflows.domain.deposits import CompleteCommand, DepositOrder
from workflows.domain.escalations import CaseKind
from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod
from workflows.domain.psp import (
    COMPLETE,
    Approved,
    CompleteInstruction,
    Declined,
    Fact,
    NotSent,
    Operation,
    Pending,
    Ready,
)
from workflows.domain.records import Record

YES, READY = Approved("psp-1", FIFTY), Ready("psp-1")
AGAIN = Pending("", "https://psp.example/challenge/2")
ONCE = ["authorize:1", "authorize:1:complete:1", "capture"]
A_MINUTE = timedelta(minutes=1)


async def challenged(world: World, **changes: Any) -> tuple[DepositOrder, Handle]:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    order = deposit(**changes)
    handle = await world.start(order)
    await authorize(handle)
    return order, handle


def about(world: World, order: DepositOrder, reply: Fact) -> PspEvent:
    return world.event(f"{order.intent_id}:authorize:1", Operation.AUTHORIZE, reply)


def completions(world: World) -> list[CompleteInstruction]:
    return [asked for asked in world.psp.asked if isinstance(asked, CompleteInstruction)]


async def test_a_player_who_comes_back_lets_the_authorization_be_completed(world: World) -> None:
    order, handle = await challenged(world)
    answered = await complete(handle, redirectResult="X6Xt")
    assert (answered.status, answered.facts.captured) == ("CAPTURED", FIFTY)
    assert answered.facts.redirect_url is None
    assert world.psp.done == ONCE
    assert world.wallet.amounts == {"credit": FIFTY}
    [asked] = completions(world)
    assert asked.key == f"{order.intent_id}:authorize:1:complete:1"
    assert asked.authorize_key == f"{order.intent_id}:authorize:1"
    assert (asked.psp_ref, asked.amount) == ("psp-1", FIFTY)
    assert asked.parameters == {"redirectResult": "X6Xt"}
    assert [a.key.partition(":")[2] for a in answered.facts.attempts] == ["authorize:1", "capture"]
    assert world.books.cases == {}


async def test_a_held_amount_waits_for_its_capture_after_the_completion(world: World) -> None:
    _, handle = await challenged(world, capture_method=CaptureMethod.MANUAL)
    answered = await complete(handle)
    assert (answered.status, answered.facts.psp_ref) == ("AUTHORIZED", "psp-1")
    refusal = await refusal_of(complete(handle, under="once more"))
    assert (refusal.type, "AUTHORIZED" in refusal.message) == ("IllegalState", True)
    assert (await capture(handle)).status == "CAPTURED"
    assert world.psp.done == ONCE


async def test_a_webhook_that_the_player_is_done_completes_without_their_return(
    world: World,
) -> None:
    order, handle = await challenged(world)
    await handle.signal("psp_event", about(world, order, READY))
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done == ONCE
    assert world.psp.lookups == []
    assert completions(world)[0].parameters == {}
    assert world.books.cases == {}


async def test_a_look_that_finds_the_player_done_completes_without_their_return(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_find(Operation.AUTHORIZE, CHALLENGE, READY)
    _, handle = await challenged(world)
    await time_machine.forward(handle, timedelta(minutes=2))
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done == ONCE
    assert len(world.psp.lookups) == 2


async def test_a_player_and_a_webhook_at_once_complete_once(world: World) -> None:
    order, handle = await challenged(world)
    gate = world.psp.will_hold(COMPLETE)
    back = asyncio.ensure_future(complete(handle))
    await gate.reached.wait()
    for _ in range(2):
        await handle.signal("psp_event", about(world, order, READY))
    again = asyncio.ensure_future(complete(handle, under="reloaded"))
    await handle.signal("psp_event", about(world, order, YES))
    gate.opened.set()
    assert (await back).status == (await again).status == "CAPTURED"
    assert world.psp.done == ONCE
    assert world.wallet.amounts == {"credit": FIFTY}
    assert world.books.cases == {}


async def test_a_word_that_the_player_is_done_is_not_lost_while_their_return_is_told(
    world: World,
) -> None:
    order, handle = await challenged(world)
    world.psp.will_answer(COMPLETE, Pending("psp-1"))
    gate = world.psp.will_hold(COMPLETE)
    back = asyncio.ensure_future(complete(handle))
    await gate.reached.wait()
    await handle.signal("psp_event", about(world, order, READY))
    gate.opened.set()
    assert (await back).status in ("PENDING", "CAPTURED")
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done[1:3] == ["authorize:1:complete:1", "authorize:1:complete:2"]


async def test_a_player_who_comes_back_twice_is_told_twice_under_two_keys(world: World) -> None:
    _, handle = await challenged(world)
    world.psp.will_answer(COMPLETE, CHALLENGE)
    first = await complete(handle, redirectResult="one")
    assert (first.status, first.facts.redirect_url) == ("REQUIRES_ACTION", CHALLENGE.redirect_url)
    assert (await complete(handle, under="again", redirectResult="two")).status == "CAPTURED"
    asked = completions(world)
    assert [completion.key.rpartition(":")[2] for completion in asked] == ["1", "2"]
    assert [completion.parameters["redirectResult"] for completion in asked] == ["one", "two"]


async def test_a_second_challenge_is_shown_after_the_first(world: World) -> None:
    _, handle = await challenged(world)
    world.psp.will_answer(COMPLETE, AGAIN)
    answered = await complete(handle)
    assert answered.status == "REQUIRES_ACTION"
    assert answered.facts.redirect_url == AGAIN.redirect_url
    # A PSP that does not say its id again keeps the one it had.
    assert answered.facts.psp_ref == "psp-1"
    assert (await complete(handle, under="second")).status == "CAPTURED"
    assert [asked.psp_ref for asked in completions(world)] == ["psp-1", "psp-1"]


@pytest.mark.parametrize("answer", [SOFT, HARD], ids=["soft", "hard"])
async def test_a_decline_of_the_completion_is_one_of_the_authorization(
    world: World, answer: Declined
) -> None:
    _, handle = await challenged(world)
    world.psp.will_answer(COMPLETE, answer)
    answered = await complete(handle)
    cascades = answer is SOFT
    assert answered.status == ("CAPTURED" if cascades else "FAILED")
    assert answered.facts.attempts[0].outcome == "declined"
    asked_next = ["authorize:2", "capture"] if cascades else []
    assert world.psp.done == [*ONCE[:2], *asked_next]


async def test_a_completion_of_another_amount_is_not_believed(
    world: World, time_machine: TimeMachine
) -> None:
    _, handle = await challenged(world)
    world.psp.will_answer(COMPLETE, Approved("psp-1", Money(5001, "EUR")))
    world.psp.will_find(Operation.AUTHORIZE, YES)
    back = asyncio.ensure_future(complete(handle))
    await moved(time_machine, handle, A_MINUTE)
    assert (await back).status == "CAPTURED"
    assert [case.kind for case in world.books.cases.values()] == [CaseKind.CONTRADICTION]


async def test_a_completion_that_never_left_us_is_tried_again_and_then_pending(
    world: World, time_machine: TimeMachine
) -> None:
    order, handle = await challenged(world)
    world.psp.will_find(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_answer(COMPLETE, *[NotSent("connection refused")] * 5)
    back = asyncio.ensure_future(complete(handle))
    await waits_on_timer(handle, "could not be reached")
    await time_machine.forward(handle, timedelta(seconds=25))
    assert (await back).status == "PENDING"
    assert world.psp.done == ["authorize:1", *["authorize:1:complete:1"] * 5]
    await handle.signal("psp_event", about(world, order, READY))
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done[6:] == ["authorize:1:complete:2", "capture"]
    assert completions(world)[-1].psp_ref == "psp-1"


async def cancelled_meanwhile(handle: Handle) -> WorkflowUpdateHandle[Record]:
    """The run has taken in the cancel, and rests later."""
    return await handle.start_update(
        "cancel", wait_for_stage=WorkflowUpdateStage.ACCEPTED, result_type=Record
    )


async def test_a_cancel_while_completing_voids_what_was_completed(world: World) -> None:
    _, handle = await challenged(world)
    gate = world.psp.will_hold(COMPLETE)
    back = asyncio.ensure_future(complete(handle))
    await gate.reached.wait()
    cancelling = await cancelled_meanwhile(handle)
    refusal = await refusal_of(complete(handle, under="too late"))
    gate.opened.set()
    assert (await cancelling.result()).status == (await back).status == "CANCELLED"
    assert refusal.type == "IllegalState"
    assert world.psp.done == ["authorize:1", "authorize:1:complete:1", "void:1"]
    assert world.wallet.commands == []


async def test_a_cancel_while_completing_releases_what_is_pending(world: World) -> None:
    _, handle = await challenged(world)
    world.psp.will_answer(COMPLETE, AGAIN)
    gate = world.psp.will_hold(COMPLETE)
    back = asyncio.ensure_future(complete(handle))
    await gate.reached.wait()
    accepted = WorkflowUpdateStage.ACCEPTED
    await handle.start_update("complete", CompleteCommand(), wait_for_stage=accepted)
    cancelling = await cancelled_meanwhile(handle)
    gate.opened.set()
    assert (await cancelling.result()).status == (await back).status == "CANCELLED"
    assert world.psp.done == ["authorize:1", "authorize:1:complete:1", "void:1"]


async def test_an_intent_that_expires_while_completing_is_released_when_it_is_no_result(
    world: World, time_machine: TimeMachine
) -> None:
    _, handle = await challenged(world)
    world.psp.will_find(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_answer(COMPLETE, AGAIN)
    await complete(handle)
    await time_machine.forward(handle, timedelta(minutes=31))
    assert (await handle.result()).status == "EXPIRED"
    assert world.psp.done == ["authorize:1", "authorize:1:complete:1", "void:1"]
    assert world.wallet.commands == []


async def test_a_page_that_is_loaded_again_and_again_asks_the_psp_a_bounded_number_of_times(
    world: World,
) -> None:
    _, handle = await challenged(world)
    world.psp.will_answer(COMPLETE, *[CHALLENGE] * 20)
    for number in range(20):
        assert (await complete(handle, under=f"{number}")).status == "REQUIRES_ACTION"
    refusal = await refusal_of(complete(handle, under="one more"))
    assert (refusal.type, "21 times" in refusal.message) == ("IllegalState", True)
    assert len(completions(world)) == 20
    await command(handle, "cancel")


async def test_what_a_look_finds_again_and_again_is_completed_less_and_less_often(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_find(Operation.AUTHORIZE, READY)
    world.psp.will_answer(COMPLETE, *[Pending("psp-1")] * 60)
    _, handle = await challenged(world, expires_in_seconds=86400)
    await time_machine.forward(handle, timedelta(hours=25))
    assert (await handle.result()).status == "EXPIRED"
    assert len(completions(world)) == 10
    assert world.psp.done[-1] == "void:1"


async def test_a_return_before_anything_was_asked_is_refused(world: World) -> None:
    handle = await world.start(deposit())
    refusal = await refusal_of(complete(handle))
    assert (refusal.type, "INITIATED" in refusal.message) == ("IllegalState", True)
    await command(handle, "cancel")


async def test_a_return_while_the_capture_is_pending_is_refused(world: World) -> None:
    world.psp.will_answer(Operation.CAPTURE, Pending("psp-c"))
    order = deposit()
    handle = await world.start(order)
    assert (await authorize(handle)).status == "PENDING"
    assert (await refusal_of(complete(handle))).type == "IllegalState"
    key = f"{order.intent_id}:capture"
    await handle.signal("psp_event", world.event(key, Operation.CAPTURE, YES))
    assert (await handle.result()).status == "CAPTURED"
