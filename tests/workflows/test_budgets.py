"""What a flow costs: events and bytes of its history, and Temporal's billable actions.

The numbers are measured. Whoever makes a flow dearer changes them here, and says why. The wallet's
command and the version that tells of it are one local activity, and stops are asked for together
with the question to the PSP. Whether a command or a fact has our seal is an event of its own: no
round trip for a command, and in the task that sees to it anyway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from temporalio.client import Client

from infra.local.stack.temporal import LocalTemporal
from infra.temporal import CONVERTER
from tests.sealing import Sealing
from tests.workflows.asking import Handle, complete, decide, waits_on_timer
from tests.workflows.orders import FIFTY, beginning_with, deposit, payout, refund
from tests.workflows.world import CHALLENGE, World, a_world, working
from workflows.domain.deposits import AuthorizeCommand
from workflows.domain.payouts import ApprovalDecision
from workflows.domain.psp import Approved, Operation, Pending
from workflows.domain.risk import Cleared
from workflows.domain.routing.accounts import key_of_account

HEADROOM = 100
"""Bytes: the lengths of numbers and times differ a little from run to run."""


@dataclass(frozen=True)
class Cost:
    events: int
    actions: int
    bytes: int

    def assert_within(self, budget: Cost) -> None:
        assert (self.events, self.actions) == (budget.events, budget.actions)
        assert budget.bytes - 2 * HEADROOM < self.bytes <= budget.bytes + HEADROOM


_BILLED = {
    "workflow_execution_started_event_attributes",
    "workflow_execution_signaled_event_attributes",
    "workflow_execution_update_accepted_event_attributes",
    "activity_task_scheduled_event_attributes",
    "timer_started_event_attributes",
    "upsert_workflow_search_attributes_event_attributes",
}


async def cost_of(handle: Handle) -> Cost:
    """Of a run that has ended. Local activities of one workflow task are one action together."""
    await handle.result()
    history = await handle.fetch_history()
    kinds = Counter(str(event.WhichOneof("attributes")) for event in history.events)
    with_books = {
        event.marker_recorded_event_attributes.workflow_task_completed_event_id
        for event in history.events
        if event.HasField("marker_recorded_event_attributes")
    }
    return Cost(
        events=len(history.events),
        actions=sum(kinds[kind] for kind in _BILLED) + len(with_books),
        bytes=sum(event.ByteSize() for event in history.events),
    )


@pytest.fixture
async def world(temporal_server: LocalTemporal) -> AsyncIterator[World]:
    """On the wall's clock, as in production; its name would count, and machines' names differ."""
    client = await Client.connect(
        temporal_server.address,
        data_converter=CONVERTER,
        identity="1@worker",
        interceptors=[Sealing()],
    )
    async with working(a_world(client)) as made:
        yield made


def sells(world: World) -> None:
    world.books.sells = tuple(key_of_account(account) for account in world.books.accounts)


async def test_a_deposit_that_is_held_and_captured(world: World) -> None:
    order = beginning_with(deposit(), AuthorizeCommand())
    await world.begin(order, "authorize", AuthorizeCommand())
    (await cost_of(world.run_of(order))).assert_within(Cost(events=13, actions=4, bytes=6346))


async def test_a_plain_deposit(world: World) -> None:
    sells(world)
    order = beginning_with(deposit(), AuthorizeCommand())
    await world.begin(order, "authorize", AuthorizeCommand())
    (await cost_of(world.run_of(order))).assert_within(Cost(events=12, actions=4, bytes=5604))


async def test_a_deposit_that_goes_ahead_with_its_order(world: World) -> None:
    sells(world)
    order = deposit(goes_ahead=True)
    await world.begin(order, "accepted")
    (await cost_of(world.run_of(order))).assert_within(Cost(events=11, actions=4, bytes=4823))


async def test_a_deposit_with_a_challenge(world: World) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    order = beginning_with(deposit(), AuthorizeCommand())
    await world.begin(order, "authorize", AuthorizeCommand())
    handle = world.run_of(order)
    key = f"{order.intent_id}:authorize:1"
    yes = world.event(key, Operation.AUTHORIZE, Approved("psp-1", FIFTY))
    await handle.signal("psp_event", yes)
    (await cost_of(handle)).assert_within(Cost(events=22, actions=8, bytes=8071))


async def test_a_deposit_that_is_completed_when_the_player_is_back(world: World) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, CHALLENGE)
    order = beginning_with(deposit(), AuthorizeCommand())
    await world.begin(order, "authorize", AuthorizeCommand())
    handle = world.run_of(order)
    await complete(handle, redirectResult="X6Xt")
    (await cost_of(handle)).assert_within(Cost(events=24, actions=8, bytes=9468))


async def test_a_payout_that_a_second_person_approves(world: World) -> None:
    world.books.verdict = Cleared(needs_approval=True)
    world.psp.will_answer(Operation.PAYOUT, Pending("psp-1"))
    order = payout()
    await world.begin(order, "accepted")
    handle = world.run_of(order)
    await waits_on_timer(handle, "decide")
    await decide(handle, ApprovalDecision.APPROVE, reason="documents seen")
    key = f"{order.payout_id}:payout:1"
    await handle.signal("psp_event", world.event(key, Operation.PAYOUT, Approved("psp-1", FIFTY)))
    # Two of them: that it was approved is written down before a PSP is asked.
    (await cost_of(handle)).assert_within(Cost(events=39, actions=15, bytes=11130))


async def test_a_refund(world: World) -> None:
    order = refund(world.name)
    await world.begin(order, "accepted")
    handle = world.run_of(order)
    (await cost_of(handle)).assert_within(Cost(events=11, actions=4, bytes=4194))
