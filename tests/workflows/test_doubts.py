"""What is not certain is never taken for a yes or a no, in whatever way it is uncertain."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client, WorkflowUpdateStage
from temporalio.exceptions import ApplicationError

from tests.workflows.asking import (
    accepted,
    authorize,
    command,
    moved,
    waits_on_timer,
)
from tests.workflows.orders import FIFTY, deposit, payout, refund
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import CHALLENGE, FakePsp, World, a_world, working
from workflows.domain.escalations import CaseKind
from workflows.domain.money import Money
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    NotFound,
    NotSent,
    Operation,
    Outcome,
    Unknown,
)
from workflows.domain.records import Record
from workflows.steps.psp_calls import NOT_CAPABLE

UNSENT = [NotSent("connection refused")] * 9
MORE = Approved("psp-1", Money(5001, "EUR"))


async def test_a_repetition_that_never_left_us_does_not_end_the_doubt_of_the_first(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.PAYOUT, Unknown("reset"), NotSent("refused"))
    world.psp.will_find(Operation.PAYOUT, NotFound(safe_to_repeat=True))
    handle = await world.start(payout())
    await accepted(handle)
    await moved(time_machine, handle, timedelta(seconds=10))
    assert (await handle.result()).status == "PAYOUT_SETTLED"
    assert world.psp.done == ["payout:1", "payout:1", "payout:1"]


@pytest.mark.parametrize("first", [MORE, Unknown("reset")], ids=["at once", "when repeated"])
async def test_an_approval_of_another_amount_is_not_believed(
    world: World, time_machine: TimeMachine, first: Approved | Unknown
) -> None:
    world.psp.will_answer(Operation.PAYOUT, first, MORE)
    if first is not MORE:
        world.psp.will_find(Operation.PAYOUT, *[NotFound(safe_to_repeat=True)] * 2)
    world.psp.will_find(Operation.PAYOUT, Unknown("down"))
    order = payout()
    handle = await world.start(order)
    await accepted(handle)
    await moved(time_machine, handle, timedelta(minutes=1))
    assert [case.kind for case in world.books.cases.values()] == [CaseKind.CONTRADICTION]
    assert world.wallet.commands == ["hold"]
    key = f"{order.payout_id}:payout:1"
    await handle.signal("psp_event", world.event(key, Operation.PAYOUT, Approved("psp-1", FIFTY)))
    assert (await handle.result()).status == "PAYOUT_SETTLED"


async def test_a_capture_that_can_never_be_sent_voids_the_hold_and_leaves_the_wallet_alone(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.CAPTURE, *UNSENT)
    handle = await world.start(deposit())
    answering = asyncio.ensure_future(authorize(handle))
    await waits_on_timer(handle, "could not be reached")
    await time_machine.forward(handle, timedelta(minutes=10))
    answered = await answering
    assert answered.status == "FAILED"
    assert answered.facts.problem is not None
    assert answered.facts.problem.reason == "psp_unreachable"
    assert answered.facts.problem.code == "connection refused"
    assert world.psp.done == ["authorize:1", *["capture"] * 9, "void:1"]
    assert world.wallet.commands == []


async def test_a_refund_that_can_never_be_sent_gives_the_money_back(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.REFUND, *UNSENT)
    handle = await world.start(refund(world.name))
    await waits_on_timer(handle, "could not be reached")
    await time_machine.forward(handle, timedelta(minutes=10))
    assert (await handle.result()).status == "REFUND_FAILED"
    assert world.wallet.commands == ["hold", "release"]


async def test_a_payout_that_one_account_can_never_be_sent_goes_by_the_next(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.PAYOUT, *UNSENT)
    handle = await world.start(payout())
    await waits_on_timer(handle, "could not be reached")
    await time_machine.forward(handle, timedelta(minutes=10))
    result = await world.end_of(handle)
    assert result.status == "PAYOUT_SETTLED"
    assert result.facts.account is not None
    assert result.facts.account.id == "second"
    assert world.psp.done == [*["payout:1"] * 9, "payout:2"]


async def test_a_hold_that_cannot_be_voided_becomes_a_case(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_answer(Operation.VOID, *UNSENT)
    handle = await world.start(deposit())
    await authorize(handle)
    cancelling = asyncio.ensure_future(command(handle, "cancel"))
    await waits_on_timer(handle, "could not be reached")
    await time_machine.forward(handle, timedelta(minutes=10))
    assert (await cancelling).status == "CANCELLED"
    await handle.result()
    assert [case.kind for case in world.books.cases.values()] == [CaseKind.UNRELEASED]


async def test_a_lost_void_is_sent_again_since_it_moves_no_money(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    world.psp.will_answer(Operation.VOID, Unknown("reset"))
    world.psp.will_find(Operation.VOID, NotFound(safe_to_repeat=False))
    handle = await world.start(deposit())
    await authorize(handle)
    cancelling = asyncio.ensure_future(command(handle, "cancel"))
    await waits_on_timer(handle, "void 1")
    await time_machine.forward(handle, timedelta(seconds=10))
    assert (await cancelling).status == "CANCELLED"
    assert world.psp.done == ["authorize:1", "void:1", "void:1"]


async def test_a_deposit_cancelled_in_doubt_is_voided_once_it_is_certain(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, Unknown("read timeout"))
    world.psp.will_find(Operation.AUTHORIZE, Unknown("down"))
    order = deposit()
    handle = await world.start(order)
    answering = asyncio.ensure_future(authorize(handle))
    await moved(time_machine, handle, timedelta(minutes=45))
    assert (await answering).status == "CLARIFYING"
    taken_in = WorkflowUpdateStage.ACCEPTED
    cancelling = await handle.start_update("cancel", wait_for_stage=taken_in, result_type=Record)
    key = f"{order.intent_id}:authorize:1"
    yes = world.event(key, Operation.AUTHORIZE, Approved("psp-1", FIFTY))
    await handle.signal("psp_event", yes)
    assert (await cancelling.result()).status == "CANCELLED"
    assert world.psp.done == ["authorize:1", "void:1"]
    assert world.wallet.commands == []


class Broken(FakePsp):
    """Its plugin raises what it raises when the first account is asked to authorize."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind

    async def authorize(self, instruction: AuthorizeInstruction) -> Outcome:
        if instruction.account.id == "first":
            raise ApplicationError("cannot authorize", type=self._kind, non_retryable=True)
        return await super().authorize(instruction)


async def test_a_psp_that_cannot_do_it_was_asked_nothing_so_the_next_is_asked(
    temporal_client: Client,
) -> None:
    world, psp = a_world(temporal_client), Broken(NOT_CAPABLE)
    async with working(world, psp):
        answered = await authorize(await world.start(deposit()))
    assert answered.status == "CAPTURED"
    assert psp.done == ["authorize:2", "capture"]


async def test_a_call_that_ends_without_an_answer_is_a_doubt_and_asks_nobody_else(
    time_machine: TimeMachine,
) -> None:
    world, psp = a_world(time_machine.client), Broken("SomethingElse")
    psp.will_find(Operation.AUTHORIZE, Approved("psp-1", FIFTY))
    async with working(world, psp):
        handle = await world.start(deposit())
        answering = asyncio.ensure_future(authorize(handle))
        await moved(time_machine, handle, timedelta(seconds=2))
        assert (await answering).status == "CAPTURED"
    assert psp.lookups
    assert psp.done == ["capture"]
