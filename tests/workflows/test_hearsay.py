"""What a PSP tells without signing it moves nothing, before the PSP itself was asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.infra.waiting import eventually
from tests.workflows.asking import authorize, command, moved
from tests.workflows.orders import FIFTY, deposit, payout
from tests.workflows.test_late_event import failed_deposit, kinds, over, tell
from tests.workflows.test_late_table import AT, ended
from tests.workflows.test_unasked_table import done
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import CHALLENGE, World
from workflows.domain.declines import DeclineReason
from workflows.domain.events import PspEvent
from workflows.domain.identity import Kind
from workflows.domain.late_events import Means, decide
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod
from workflows.domain.psp import (
    Approved,
    Declined,
    Fact,
    NoStatus,
    NotFound,
    Operation,
    Pending,
    Unknown,
)
from workflows.domain.unasked import as_known

YES = Approved("psp-1", FIFTY)
RETURNED = Declined(DeclineReason.RETURNED, soft=False, code="AC04")


def heard(world: World, key: str, operation: Operation, reply: Fact, **more: Any) -> PspEvent:
    event = world.event(key, operation, reply)
    return replace(event, hearsay=True, about=("its-own-name",), **more)


async def test_a_capture_that_is_only_heard_credits_nobody_before_it_was_looked_up(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.CAPTURE, Unknown("read timeout"))
    world.psp.will_find(Operation.CAPTURE, NotFound(safe_to_repeat=True), YES)
    order = deposit()
    handle = await world.start(order)
    answering = asyncio.ensure_future(authorize(handle))
    await eventually(lambda: "capture" in world.psp.done)
    forged = heard(world, f"{order.intent_id}:capture", Operation.CAPTURE, YES)
    await handle.signal("psp_event", forged)
    await eventually(lambda: bool(world.psp.lookups))
    assert world.psp.asked_of[0].psp_ref == "its-own-name"
    assert world.wallet.commands == []
    await moved(time_machine, handle, timedelta(seconds=10))
    assert (await answering).status == "CAPTURED"
    assert world.wallet.commands == ["credit"]


async def test_a_forged_no_gives_no_payout_back(world: World, time_machine: TimeMachine) -> None:
    """It would be credited to the player, and paid all the same."""
    world.psp.will_answer(Operation.PAYOUT, Pending("psp-1"))
    world.psp.will_find(Operation.PAYOUT, Pending("psp-1"), YES)
    order = payout()
    handle = await world.start(order)
    await eventually(lambda: "payout:1" in world.psp.done)
    key = f"{order.payout_id}:payout:1"
    no = Declined("declined", soft=False, code="no")
    await handle.signal("psp_event", heard(world, key, Operation.PAYOUT, no))
    await moved(time_machine, handle, timedelta(minutes=2))
    assert (await handle.result()).status == "PAYOUT_SETTLED"
    assert world.wallet.commands[-1] == "capture_hold"


async def test_what_agrees_with_the_psps_own_answer_costs_no_look(world: World) -> None:
    order = deposit()
    handle = await over(world, order)
    for step, operation in (("authorize:1", Operation.AUTHORIZE), ("capture", Operation.CAPTURE)):
        await tell(world, heard(world, f"{order.intent_id}:{step}", operation, YES))
    assert (world.psp.lookups, kinds(world)) == ([], [])
    assert (await handle.result()).status == "CAPTURED"


async def test_what_is_heard_while_the_run_goes_on_and_agrees_costs_no_look(
    world: World,
) -> None:
    gate = world.psp.will_hold(Operation.CAPTURE)
    order = deposit()
    handle = await world.start(order)
    answering = asyncio.ensure_future(authorize(handle))
    await gate.reached.wait()
    key = f"{order.intent_id}:authorize:1"
    await handle.signal("psp_event", heard(world, key, Operation.AUTHORIZE, YES))
    gate.opened.set()
    assert (await answering).status == "CAPTURED"
    await handle.result()
    assert (world.psp.lookups, kinds(world)) == ([], [])


@pytest.mark.parametrize(
    "finding", [YES, NoStatus(), NotFound(), Unknown("another's")], ids=lambda f: f.kind
)
async def test_a_forged_return_gives_nothing_back(world: World, finding: Any) -> None:
    """The PSP says otherwise, or cannot be asked: a person decides."""
    world.psp.will_find(Operation.PAYOUT, finding)
    order = payout()
    await over(world, order)
    before = list(world.wallet.commands)
    key = f"{order.payout_id}:payout:1"
    await tell(world, heard(world, key, Operation.PAYOUT, RETURNED))
    assert world.wallet.commands == before
    assert world.psp.lookups == [key]
    assert kinds(world) == ([] if finding is YES else ["contradiction"])


async def test_a_return_that_the_psp_confirms_is_given_back(world: World) -> None:
    world.psp.will_find(Operation.PAYOUT, RETURNED)
    order = payout()
    await over(world, order)
    key = f"{order.payout_id}:payout:1"
    await tell(world, heard(world, key, Operation.PAYOUT, RETURNED))
    assert world.wallet.commands[-1] == "credit"
    assert world.books.records[-1].status == "PAYOUT_RETURNED"
    assert [lookup.psp_ref for lookup in world.psp.asked_of] == ["its-own-name"]
    assert kinds(world) == []


async def test_a_hold_that_is_only_heard_of_is_not_voided_by_anothers_name(world: World) -> None:
    """Whoever forges it would have us void whatever they name."""
    world.psp.will_find(Operation.AUTHORIZE, Unknown("another reference"))
    key = f"{await failed_deposit(world)}:authorize:1"
    await tell(world, heard(world, key, Operation.AUTHORIZE, Approved("anothers", FIFTY)))
    assert world.psp.done == ["authorize:1"]
    assert kinds(world) == ["contradiction"]


async def test_a_hold_that_the_psp_confirms_is_voided_by_the_name_it_gives(world: World) -> None:
    world.psp.will_find(Operation.AUTHORIZE, YES)
    key = f"{await failed_deposit(world)}:authorize:1"
    await tell(world, heard(world, key, Operation.AUTHORIZE, Approved("anothers", FIFTY)))
    assert world.psp.done == ["authorize:1", "void:1"]
    assert [getattr(each, "psp_ref", None) for each in world.psp.asked][-1] == "psp-1"
    assert kinds(world) == []


@pytest.mark.parametrize("operation", [Operation.REFUND, Operation.CHARGEBACK])
async def test_what_nobody_asked_for_and_nobody_signed_takes_nothing_back(
    world: World, operation: Operation
) -> None:
    order = deposit()
    await over(world, order)
    key = f"{order.intent_id}:authorize:1"
    gone = heard(world, key, operation, Approved("gone-1", FIFTY), unasked=True)
    await tell(world, gone)
    assert world.wallet.commands == ["credit"]
    assert kinds(world) == ["money_gone"]


async def test_a_psp_that_cannot_be_asked_leaves_what_was_heard_to_a_second_fact(
    world: World, time_machine: TimeMachine
) -> None:
    """A person is told at once, and what the PSP does sign ends it."""
    world.psp.will_answer(Operation.PAYOUT, Pending("psp-1"))
    world.psp.will_find(Operation.PAYOUT, NoStatus())
    order = payout()
    handle = await world.start(order)
    await eventually(lambda: "payout:1" in world.psp.done)
    key = f"{order.payout_id}:payout:1"
    await handle.signal("psp_event", heard(world, key, Operation.PAYOUT, YES))
    await eventually(lambda: bool(world.books.cases))
    assert kinds(world) == ["unexpected_event"]
    await handle.signal("psp_event", world.event(key, Operation.PAYOUT, YES))
    assert (await handle.result()).status == "PAYOUT_SETTLED"


@pytest.mark.parametrize("operation", [Operation.VOID, Operation.CAPTURE])
async def test_a_hold_that_waits_is_neither_ended_nor_credited_by_hearsay(
    world: World, operation: Operation
) -> None:
    order = deposit(capture_method=CaptureMethod.MANUAL)
    handle = await world.start(order)
    assert (await authorize(handle)).status == "AUTHORIZED"
    key = f"{order.intent_id}:authorize:1"
    fact = heard(world, key, operation, Approved("done-1", FIFTY), unasked=True)
    await handle.signal("psp_event", replace(fact, about=("psp-1",)))
    assert (await command(handle, "void")).status == "VOIDED"
    await handle.result()
    assert world.psp.done == ["authorize:1", "void:1"]
    assert world.wallet.commands == []


async def test_a_page_without_a_signed_name_is_asked_for_again_under_its_key(
    world: World, time_machine: TimeMachine
) -> None:
    """Its answer was lost, and what is heard of it does not say which page it is."""
    world.psp.will_answer(Operation.AUTHORIZE, Unknown("read timeout"), CHALLENGE)
    world.psp.will_find(Operation.AUTHORIZE, NoStatus(safe_to_repeat=True))
    order = deposit()
    handle = await world.start(order)
    answering = asyncio.ensure_future(authorize(handle))
    await eventually(lambda: "authorize:1" in world.psp.done)
    key = f"{order.intent_id}:authorize:1"
    await handle.signal("psp_event", world.event(key, Operation.AUTHORIZE, Pending("")))
    await moved(time_machine, handle, timedelta(seconds=10))
    record = await answering
    assert (record.status, record.facts.psp_ref) == ("REQUIRES_ACTION", "psp-1")
    assert world.psp.done == ["authorize:1", "authorize:1"]


@pytest.mark.parametrize(
    ("status", "means"), [("CAPTURED", Means.TAKE_BACK), ("FAILED", Means.NOTHING)]
)
@pytest.mark.parametrize("operation", [Operation.VOID, Operation.REFUND])
def test_what_a_reversal_did_is_known_by_what_was_captured_and_not_by_its_word(
    status: str, means: Means, operation: Operation
) -> None:
    payment = ended(Kind.DEPOSIT, status, "authorize:1", "capture")
    payment = replace(payment, facts=replace(payment.facts, account=AT))
    fact = done(operation, "reversal-1", unsigned=("operation", "occurred_at"))
    assert decide(as_known(fact, payment), payment).means is means


def test_a_date_that_is_not_signed_rules_nothing_out() -> None:
    at = "2026-11-03T10:00:00Z"
    signed = done(Operation.CAPTURE, "cap-1", occurred_at=at)
    assert not signed.is_after("2026-11-04T00:00:00Z")
    assert replace(signed, unsigned=("occurred_at",)).is_after("2026-11-04T00:00:00Z")
    assert signed.amount == Money(5000, "EUR")
