"""The paths that a deploy must never break: one recorded history each."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from tests.replay.begun import BEGUN
from tests.replay.deposits import DEPOSITS, PROMISED, YES, Run, Story
from tests.replay.late import LATE, RETURNED
from tests.replay.parked import PARKED
from tests.workflows.asking import (
    Handle,
    accepted,
    authorize,
    command,
    decide,
    moved,
)
from tests.workflows.orders import deposit, payout, refund
from tests.workflows.resolving import propose, review
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import HARD, World
from workflows.domain.cases import Action
from workflows.domain.payouts import ApprovalDecision
from workflows.domain.psp import NotFound, Operation, Unknown
from workflows.domain.risk import Cleared
from workflows.domain.wallet import RefusalReason


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
    await decide(handle, ApprovalDecision.POSTPONE, until=until, reason="documents missing")
    await machine.forward(handle, timedelta(days=4))
    await decide(handle, ApprovalDecision.APPROVE, reason="documents seen")
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
    return await world.late(world.event(key, Operation.PAYOUT, RETURNED, event_id="evt-1"))


async def late_capture_becomes_a_case(world: World, _: TimeMachine) -> Run:
    world.psp.will_answer(Operation.AUTHORIZE, HARD)
    handle = await world.start(deposit(intent_id="in_late_capture"))
    await authorize(handle)
    await handle.result()
    event = world.event("in_late_capture:capture", Operation.CAPTURE, YES, event_id="evt-1")
    return await world.late(event)


async def case_credited_after_a_second_word(world: World, machine: TimeMachine) -> Run:
    await (await late_capture_becomes_a_case(world, machine)).result()
    world.books.much = True
    [case] = world.books.cases.values()
    run, _ = await propose(world, case, Action.CREDIT, under="propose-1")
    await review(run, "propose-1")
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
        *DEPOSITS,
        *BEGUN,
        *PARKED,
        *LATE,
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
        case_credited_after_a_second_word,
        case_refunded,
        case_marked_approved,
    )
}
