"""The paths that a deploy must never break: one recorded history each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from tests.workflows.asking import (
    Handle,
    accepted,
    authorize,
    capture,
    command,
    decide,
    moved,
)
from tests.workflows.orders import FIFTY, deposit, payout, refund
from tests.workflows.resolving import propose, review
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import CHALLENGE, HARD, SOFT, World
from workflows.domain.cases import Action
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod, Cleared
from workflows.domain.payouts import Decision
from workflows.domain.psp import Approved, NotFound, Operation, Pending, Unknown
from workflows.domain.wallet import RefusalReason

Run = WorkflowHandle[Any, Any]
Story = Callable[[World, TimeMachine], Awaitable[Run]]
YES, PROMISED = Approved("psp-1", FIFTY), Pending("psp-1")
A_MOMENT = timedelta(seconds=10)


async def deposit_plain(world: World, _: TimeMachine) -> Handle:
    handle = await world.start(deposit(intent_id="in_plain"))
    await authorize(handle)
    return handle


async def deposit_challenge_by_webhook(world: World, _: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    handle = await world.start(deposit(intent_id="in_challenge"))
    await authorize(handle)
    event = world.event("in_challenge:authorize:1", Operation.AUTHORIZE, YES, event_id="evt-1")
    await handle.signal("psp_event", event)
    return handle


async def deposit_cascade(world: World, _: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.AUTHORIZE, SOFT)
    handle = await world.start(deposit(intent_id="in_cascade"))
    await authorize(handle)
    return handle


async def deposit_lost_capture(world: World, machine: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.CAPTURE, Unknown("read timeout"))
    world.psp.will_find(Operation.CAPTURE, YES)
    handle = await world.start(deposit(intent_id="in_lost_capture"))
    answering = asyncio.ensure_future(authorize(handle))
    await moved(machine, handle, A_MOMENT)
    await answering
    return handle


async def deposit_never_arrived(world: World, machine: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.AUTHORIZE, Unknown("500"))
    world.psp.will_find(Operation.AUTHORIZE, NotFound())
    handle = await world.start(deposit(intent_id="in_never_arrived"))
    answering = asyncio.ensure_future(authorize(handle))
    await moved(machine, handle, A_MOMENT)
    await answering
    return handle


async def deposit_part_captured_by_hand(world: World, _: TimeMachine) -> Handle:
    order = deposit(intent_id="in_part", capture_method=CaptureMethod.MANUAL)
    handle = await world.start(order)
    await authorize(handle)
    await capture(handle, Money(2000, "EUR"))
    return handle


async def deposit_expired_on_the_page(world: World, machine: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_find(Operation.AUTHORIZE, CHALLENGE)
    handle = await world.start(deposit(intent_id="in_expired"))
    await authorize(handle)
    await machine.forward(handle, timedelta(minutes=31))
    return handle


async def deposit_cancelled_in_the_web_ui(world: World, _: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    handle = await world.start(deposit(intent_id="in_cancelled"))
    await authorize(handle)
    await handle.cancel()
    return handle


async def payout_small(world: World, _: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.PAYOUT, PROMISED)
    handle = await world.start(payout(payout_id="po_small"))
    await accepted(handle)
    event = world.event("po_small:payout:1", Operation.PAYOUT, YES, event_id="evt-1")
    await handle.signal("psp_event", event)
    return handle


async def payout_approved_after_a_postponement(world: World, machine: TimeMachine) -> Handle:
    world.books.verdict = Cleared(needs_approval=True)
    handle = await world.start(payout(payout_id="po_approved"))
    asked = datetime.fromisoformat((await accepted(handle)).at)
    until = (asked + timedelta(days=3)).isoformat()
    await decide(handle, Decision.POSTPONE, until=until, reason="documents missing")
    await machine.forward(handle, timedelta(days=4))
    await decide(handle, Decision.APPROVE, reason="documents seen")
    return handle


async def payout_cancelled(world: World, _: TimeMachine) -> Handle:
    world.books.verdict = Cleared(needs_approval=True)
    handle = await world.start(payout(payout_id="po_cancelled"))
    await accepted(handle)
    await command(handle, "cancel")
    return handle


async def payout_failed(world: World, _: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.PAYOUT, PROMISED)
    handle = await world.start(payout(payout_id="po_failed"))
    event = world.event("po_failed:payout:1", Operation.PAYOUT, HARD, event_id="evt-1")
    await handle.signal("psp_event", event)
    return handle


async def payout_lost(world: World, machine: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.PAYOUT, Unknown("reset"))
    world.psp.will_find(Operation.PAYOUT, NotFound(safe_to_repeat=False))
    handle = await world.start(payout(payout_id="po_lost"))
    await accepted(handle)
    await moved(machine, handle, timedelta(hours=1))
    event = world.event("po_lost:payout:1", Operation.PAYOUT, YES, event_id="evt-1")
    await handle.signal("psp_event", event)
    return handle


async def refund_processed(world: World, _: TimeMachine) -> Handle:
    world.psp.will_answer(Operation.REFUND, PROMISED)
    handle = await world.start(refund(world.name, refund_id="re_processed", intent_id="in_plain"))
    await accepted(handle)
    event = world.event("re_processed:refund", Operation.REFUND, YES, event_id="evt-1")
    await handle.signal("psp_event", event)
    return handle


async def refund_refused(world: World, _: TimeMachine) -> Handle:
    world.wallet.refuses["hold"] = RefusalReason.EXCEEDS_CREDIT
    return await world.start(refund(world.name, refund_id="re_refused", intent_id="in_plain"))


async def late_yes_is_voided(world: World, _: TimeMachine) -> Run:
    world.psp.will_answer(Operation.AUTHORIZE, HARD)
    handle = await world.start(deposit(intent_id="in_late_yes"))
    await authorize(handle)
    await handle.result()
    key = "in_late_yes:authorize:1"
    return await world.late(world.event(key, Operation.AUTHORIZE, YES, event_id="evt-1"))


async def late_bank_return(world: World, _: TimeMachine) -> Run:
    handle = await world.start(payout(payout_id="po_returned"))
    await accepted(handle)
    await handle.result()
    key = "po_returned:payout:1"
    return await world.late(world.event(key, Operation.PAYOUT, HARD, event_id="evt-1"))


async def late_capture_becomes_a_case(world: World, _: TimeMachine) -> Run:
    world.psp.will_answer(Operation.AUTHORIZE, HARD)
    handle = await world.start(deposit(intent_id="in_late_capture"))
    await authorize(handle)
    await handle.result()
    event = world.event("in_late_capture:capture", Operation.CAPTURE, YES, event_id="evt-1")
    return await world.late(event)


async def deposit_late_yes_while_it_runs(world: World, _: TimeMachine) -> Run:
    world.psp.will_answer(Operation.AUTHORIZE, SOFT)
    order = deposit(intent_id="in_stray", capture_method=CaptureMethod.MANUAL)
    handle = await world.start(order)
    await authorize(handle)
    key = "in_stray:authorize:1"
    await handle.signal("psp_event", world.event(key, Operation.AUTHORIZE, YES, event_id="evt-1"))
    await capture(handle)
    return handle


async def case_credited_after_a_second_word(world: World, machine: TimeMachine) -> Run:
    await (await late_capture_becomes_a_case(world, machine)).result()
    world.books.much = True
    [case] = world.books.cases.values()
    run, _ = await propose(world, case, Action.CREDIT, under="propose-1")
    await review(run)
    return run


async def case_refunded(world: World, machine: TimeMachine) -> Run:
    await (await late_capture_becomes_a_case(world, machine)).result()
    [case] = world.books.cases.values()
    run, _ = await propose(world, case, Action.REFUND, under="propose-1")
    return run


async def case_marked_approved(world: World, machine: TimeMachine) -> Run:
    world.psp.will_answer(Operation.CAPTURE, Unknown("read timeout"))
    world.psp.will_find(Operation.CAPTURE, Unknown("down"))
    handle = await world.start(deposit(intent_id="in_marked"))
    answering = asyncio.ensure_future(authorize(handle))
    await moved(machine, handle, timedelta(minutes=45))
    await answering
    [case] = world.books.cases.values()
    run, _ = await propose(world, case, Action.MARK_APPROVED, under="propose-1")
    await handle.result()
    return run


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        deposit_plain,
        deposit_challenge_by_webhook,
        deposit_cascade,
        deposit_lost_capture,
        deposit_never_arrived,
        deposit_part_captured_by_hand,
        deposit_expired_on_the_page,
        deposit_cancelled_in_the_web_ui,
        payout_small,
        payout_approved_after_a_postponement,
        payout_cancelled,
        payout_failed,
        payout_lost,
        refund_processed,
        refund_refused,
        late_yes_is_voided,
        late_bank_return,
        late_capture_becomes_a_case,
        deposit_late_yes_while_it_runs,
        case_credited_after_a_second_word,
        case_refunded,
        case_marked_approved,
    )
}
