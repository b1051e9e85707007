"""The payout: held first, approved by a second person, paid once, or given back."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.workflows.asking import Handle, accepted, command, decide, refusal_of
from tests.workflows.orders import FIFTY, payout
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import World
from workflows.domain.payouts import ApprovalDecision, PayoutOrder
from workflows.domain.psp import Approved, Declined, NotFound, Operation, Pending, Unknown
from workflows.domain.risk import Cleared, Stopped
from workflows.domain.wallet import RefusalReason

PROMISED = Pending("psp-1")


async def begin(world: World, **changes: Any) -> tuple[PayoutOrder, Handle]:
    order = payout(**changes)
    return order, await world.start(order)


async def test_a_small_payout_is_settled_by_webhook(world: World) -> None:
    world.psp.will_answer(Operation.PAYOUT, PROMISED)
    order, handle = await begin(world)
    assert (await accepted(handle)).status in ("PAYOUT_SUBMITTED", "PAYOUT_PROCESSING")
    key = f"{order.payout_id}:payout:1"
    event = world.event(key, Operation.PAYOUT, Approved("psp-1", FIFTY))
    await handle.signal("psp_event", event)
    await handle.signal("psp_event", event)
    result = await world.end_of(handle)
    assert (result.status, result.final) == ("PAYOUT_SETTLED", True)
    assert world.wallet.commands == ["hold", "capture_hold"]
    assert world.psp.done == ["payout:1"]


async def test_a_payout_that_fails_at_the_psp_gives_the_money_back(world: World) -> None:
    world.psp.will_answer(Operation.PAYOUT, PROMISED)
    order, handle = await begin(world)
    failed = Declined("account_closed", soft=False, code="AC04")
    key = f"{order.payout_id}:payout:1"
    await handle.signal("psp_event", world.event(key, Operation.PAYOUT, failed))
    result = await world.end_of(handle)
    assert result.status == "PAYOUT_FAILED"
    assert result.facts.problem is not None
    assert result.facts.problem.reason == "account_closed"
    assert world.wallet.commands == ["hold", "release"]


async def test_without_funds_the_payout_is_refused_and_no_psp_asked(world: World) -> None:
    world.wallet.refuses["hold"] = RefusalReason.INSUFFICIENT_FUNDS
    answered = await world.begin(payout(), "accepted")
    assert answered.status == "PAYOUT_REFUSED"
    assert world.psp.done == []


async def test_a_check_that_says_no_refuses_before_money_is_held(world: World) -> None:
    world.books.verdict = Stopped("kyc_required")
    answered = await world.begin(payout(), "accepted")
    assert answered.facts.problem is not None
    assert answered.facts.problem.reason == "kyc_required"
    assert world.wallet.commands == []


async def test_a_large_payout_waits_for_a_second_person(world: World) -> None:
    world.books.verdict = Cleared(needs_approval=True)
    _, handle = await begin(world)
    assert (await accepted(handle)).status == "PAYOUT_AWAITING_APPROVAL"
    assert world.psp.done == []
    assert world.wallet.commands == ["hold"]
    decided = await decide(handle, ApprovalDecision.APPROVE, reason="documents seen")
    assert decided.status == "PAYOUT_SETTLED"
    assert decided.facts.approver == "approver-1"


async def test_the_requester_may_not_decide(world: World) -> None:
    world.books.verdict = Cleared(needs_approval=True)
    order, handle = await begin(world)
    await accepted(handle)
    assert (
        await refusal_of(decide(handle, ApprovalDecision.APPROVE, by=order.requester))
    ).type == "FourEyes"
    assert (await decide(handle, ApprovalDecision.DECLINE)).status == "PAYOUT_DECLINED"
    assert world.wallet.commands == ["hold", "release"]
    assert world.psp.done == []


async def test_a_postponed_payout_waits_and_is_then_decided(
    world: World, time_machine: TimeMachine
) -> None:
    world.books.verdict = Cleared(needs_approval=True)
    _, handle = await begin(world)
    first = await accepted(handle)
    until = _days_after(first.at, 3)
    postponed = await decide(handle, ApprovalDecision.POSTPONE, until=until)
    assert postponed.status == "PAYOUT_POSTPONED"
    await time_machine.forward(handle, timedelta(days=4))
    assert world.books.statuses[-1] == "PAYOUT_AWAITING_APPROVAL"
    assert (await decide(handle, ApprovalDecision.APPROVE)).status == "PAYOUT_SETTLED"


async def test_a_postponed_payout_that_is_cancelled_is_told_to_be_cancelled(world: World) -> None:
    world.books.verdict = Cleared(needs_approval=True)
    _, handle = await begin(world)
    first = await accepted(handle)
    await decide(handle, ApprovalDecision.POSTPONE, until=_days_after(first.at, 3))
    assert (await command(handle, "cancel")).status == "PAYOUT_CANCELLED"
    assert world.books.statuses[-2:] == ["PAYOUT_POSTPONED", "PAYOUT_CANCELLED"]


async def test_after_a_postponement_there_is_time_to_decide(
    world: World, time_machine: TimeMachine
) -> None:
    world.books.verdict = Cleared(needs_approval=True)
    _, handle = await begin(world)
    first = await accepted(handle)
    await time_machine.forward(handle, timedelta(days=25))
    await decide(handle, ApprovalDecision.POSTPONE, until=_days_after(first.at, 50))
    await time_machine.forward(handle, timedelta(days=26))
    assert world.books.statuses[-1] == "PAYOUT_AWAITING_APPROVAL"
    assert (await decide(handle, ApprovalDecision.APPROVE)).status == "PAYOUT_SETTLED"


async def test_an_approval_and_a_cancel_at_once_pay_or_give_back_never_both(world: World) -> None:
    world.books.verdict = Cleared(needs_approval=True)
    _, handle = await begin(world)
    await accepted(handle)
    answers = await asyncio.gather(
        decide(handle, ApprovalDecision.APPROVE),
        decide(handle, ApprovalDecision.APPROVE, by="approver-2"),
        command(handle, "cancel"),
        return_exceptions=True,
    )
    result = await world.end_of(handle)
    assert any(isinstance(answer, Exception) for answer in answers)
    paid = result.status == "PAYOUT_SETTLED"
    assert world.wallet.commands == ["hold", "capture_hold" if paid else "release"]
    assert world.psp.done == (["payout:1"] if paid else [])


@pytest.mark.parametrize("until", [None, "tomorrow", "2020-01-01T00:00:00+00:00", "2026-01-01"])
async def test_a_postponement_needs_a_moment_in_the_near_future(
    world: World, until: str | None
) -> None:
    world.books.verdict = Cleared(needs_approval=True)
    _, handle = await begin(world)
    await accepted(handle)
    assert (
        await refusal_of(decide(handle, ApprovalDecision.POSTPONE, until=until))
    ).type == "InvalidDecision"
    await handle.cancel()
    await handle.result()


async def test_a_payout_that_nobody_decides_on_is_given_back(
    world: World, time_machine: TimeMachine
) -> None:
    world.books.verdict = Cleared(needs_approval=True)
    _, handle = await begin(world)
    await accepted(handle)
    await time_machine.forward(handle, timedelta(days=33))
    assert (await handle.result()).status == "PAYOUT_EXPIRED"
    assert world.wallet.commands == ["hold", "release"]


async def test_a_payout_awaiting_approval_can_be_cancelled(world: World) -> None:
    world.books.verdict = Cleared(needs_approval=True)
    _, handle = await begin(world)
    await accepted(handle)
    cancelled = await command(handle, "cancel")
    assert cancelled.status == "PAYOUT_CANCELLED"
    assert world.wallet.commands == ["hold", "release"]


async def test_a_payout_at_the_psp_can_no_longer_be_cancelled(world: World) -> None:
    world.psp.will_answer(Operation.PAYOUT, PROMISED)
    order, handle = await begin(world)
    await accepted(handle)
    assert (await refusal_of(command(handle, "cancel"))).type == "IllegalState"
    await handle.cancel()
    key = f"{order.payout_id}:payout:1"
    await handle.signal("psp_event", world.event(key, Operation.PAYOUT, Approved("psp-1", FIFTY)))
    assert (await handle.result()).status == "PAYOUT_SETTLED"


async def test_33_days_of_waiting_for_a_bank_cost_no_second(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.PAYOUT, PROMISED)
    world.psp.will_find(Operation.PAYOUT, PROMISED)
    order, handle = await begin(world)
    await accepted(handle)
    await time_machine.forward(handle, timedelta(days=33))
    assert world.books.statuses == ["PAYOUT_PROCESSING"]
    key = f"{order.payout_id}:payout:1"
    await handle.signal("psp_event", world.event(key, Operation.PAYOUT, Approved("psp-1", FIFTY)))
    assert (await handle.result()).status == "PAYOUT_SETTLED"


async def test_a_payout_lost_on_the_wire_is_sent_again_only_where_keys_are_honoured(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.PAYOUT, Unknown("reset"), Approved("psp-1", FIFTY))
    world.psp.will_find(Operation.PAYOUT, NotFound(safe_to_repeat=True))
    _, handle = await begin(world)
    await accepted(handle)
    await time_machine.forward(handle, timedelta(minutes=1))
    assert (await handle.result()).status == "PAYOUT_SETTLED"
    assert [i.key for i in world.psp.asked] == [world.psp.asked[0].key] * 2


async def test_a_payout_in_doubt_is_never_repeated_blindly_nor_given_back(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.PAYOUT, Unknown("reset"))
    world.psp.will_find(Operation.PAYOUT, NotFound(safe_to_repeat=False))
    order, handle = await begin(world)
    await accepted(handle)
    await time_machine.forward(handle, timedelta(days=3))
    assert world.books.statuses == ["PAYOUT_CLARIFYING"]
    assert world.psp.done == ["payout:1"]
    assert world.wallet.commands == ["hold"]
    assert len(world.books.cases) == 1
    key = f"{order.payout_id}:payout:1"
    await handle.signal("psp_event", world.event(key, Operation.PAYOUT, Approved("psp-1", FIFTY)))
    assert (await handle.result()).status == "PAYOUT_SETTLED"


def _days_after(at: str, days: int) -> str:
    return (datetime.fromisoformat(at) + timedelta(days=days)).isoformat()
