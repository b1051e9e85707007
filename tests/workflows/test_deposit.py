"""The deposit, step by step, with a PSP that does as it is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.asking import Handle, authorize, capture, command, refusal_of
from tests.workflows.orders import FIFTY, deposit
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import CHALLENGE, HARD, SOFT, World
from workflows.domain.deposits import AuthorizeCommand, CaptureCommand, DepositOrder
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod
from workflows.domain.psp import Approved, Authentication, Declined, NotSent, Operation, Pending
from workflows.domain.risk import Stopped


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
    result = await world.end_of(handle)
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
    result = await world.end_of(handle)
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


async def test_an_intent_that_nobody_authorizes_expires(world: World) -> None:
    # It sleeps until then, and a sleeping run's clock cannot be moved.
    _, handle = await begin(world, expires_in_seconds=1)
    result = await world.end_of(handle)
    assert (result.status, result.final) == ("EXPIRED", True)
    assert world.psp.done == []
    # What it says is counted from the opening: at its first task the time is over.
    waits = [
        event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
        for event in (await handle.fetch_history()).events
        if event.HasField("timer_started_event_attributes")
    ]
    assert sum(waits, timedelta()) < timedelta(seconds=1)


async def test_a_cancel_before_anything_happened_closes_the_intent(world: World) -> None:
    _, handle = await begin(world)
    answered = await command(handle, "cancel")
    assert (answered.status, answered.final) == ("CANCELLED", True)
    assert world.psp.done == []


async def test_a_cancel_during_the_challenge_voids_at_the_psp(world: World) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    _, handle = await begin(world)
    await authorize(handle)
    answered = await command(handle, "cancel")
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
    answered = await capture(handle, part)
    assert (answered.status, answered.facts.captured) == ("CAPTURED", part)
    result = await world.end_of(handle)
    assert result.final
    assert world.psp.done == ["authorize:1", "capture", "void:1"]
    assert world.psp.asked[-1].amount == Money(3000, "EUR")
    assert world.wallet.amounts == {"credit": part}


@pytest.mark.parametrize("amount", [Money(5001, "EUR"), Money(0, "EUR"), Money(1, "USD")])
async def test_a_capture_beyond_the_hold_is_refused(world: World, amount: Money) -> None:
    _, handle = await begin(world, capture_method=CaptureMethod.MANUAL)
    await authorize(handle)
    refusal = await refusal_of(capture(handle, amount))
    assert refusal.type == "InvalidAmount"
    assert world.psp.done == ["authorize:1"]


async def test_a_hold_is_voided_on_command(world: World) -> None:
    _, handle = await begin(world, capture_method=CaptureMethod.MANUAL)
    await authorize(handle)
    answered = await command(handle, "void")
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


@pytest.mark.parametrize("name", ["void", "capture", "authorize"])
async def test_a_command_out_of_turn_is_refused_and_names_the_state(
    world: World, name: str
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    _, handle = await begin(world)
    await authorize(handle)
    arguments: dict[str, list[Any]] = {
        "void": [],
        "capture": [CaptureCommand()],
        "authorize": [AuthorizeCommand()],
    }
    refusal = await refusal_of(command(handle, name, *arguments[name], under="again"))
    assert refusal.type == "IllegalState"
    assert "REQUIRES_ACTION" in refusal.message
    await handle.cancel()
