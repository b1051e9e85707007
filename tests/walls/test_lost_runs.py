"""A run is terminated, deleted or lost with Temporal's disk: within the patience there is a case,
and the run that a person has rebuilt finishes the payment, each thing done once at the PSP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import RPCError
from temporalio.service import RPCStatusCode

from activities.registry.lost_runs import LostRuns
from tests.api.callers import Caller, slug
from tests.walls import stories
from tests.walls.bank import Mood
from tests.walls.house import House
from tests.walls.stories import Story
from tests.walls.waiting import until
from workflows.domain.identity import workflow_of
from workflows.visibility import PAYMENT_STATUS

CASES = "/v1/cases"
_ONE_SEARCH = asyncio.Lock()
"""Each search sees to every lost payment: many at once only keep each other waiting."""
Loses = Callable[[House, str], Awaitable[None]]


async def terminated(house: House, payment_id: str) -> None:
    await house.run(payment_id).terminate("an operator's button")


async def deleted(house: House, payment_id: str) -> None:
    """As with Temporal's disk: nothing is known of it any more."""
    run = str(workflow_of(payment_id))

    async def is_listed_as_it_is() -> bool:
        now = await house.client.get_workflow_handle(run).describe()
        status = now.typed_search_attributes[PAYMENT_STATUS]
        query = f"WorkflowId = '{run}' AND PaymentStatus = '{status}'"
        return bool([each async for each in house.client.list_workflows(query)])

    # A list that hears of a change after the deletion would keep the run for ever.
    await until(is_listed_as_it_is, "it is listed as it is")
    await house.client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(
            namespace=house.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=run),
        )
    )

    async def is_gone() -> bool:
        try:
            await house.client.get_workflow_handle(run).describe()
        except RPCError as error:
            return error.status is RPCStatusCode.NOT_FOUND
        return False

    await until(is_gone, "it is deleted")


async def found(house: House, payment_id: str) -> str:
    """The id of the case about a payment whose run is lost."""
    lost = LostRuns(house.pool, house.client, house.queue, patience=timedelta(0))

    async def is_there() -> bool:
        async with _ONE_SEARCH:
            if not await _of_the_lost(house, payment_id):
                await lost.find()
        return bool(await _of_the_lost(house, payment_id))

    await until(is_there, f"a case about {payment_id}", pause=0.3)
    [case] = await _of_the_lost(house, payment_id)
    assert (case["money_at_risk_minor"], case["currency"]) == (5000, "EUR")
    return str(case["id"])


async def _of_the_lost(house: House, payment_id: str) -> list[asyncpg.Record]:
    return [case for case in await house.cases(payment_id) if case["kind"] == "run_lost"]


async def rebuilt(house: House, operator: Caller, payment_id: str) -> None:
    case_id = await found(house, payment_id)
    shown = (await operator.get(f"{CASES}/{case_id}")).json()
    assert shown["allowed_actions"] == ["rebuild", "dismiss"]
    order = {"action": "rebuild", "reason": "its run was lost"}
    done = await operator.post(f"{CASES}/{case_id}/resolutions", order)
    assert done.status_code == 201, done.text
    assert done.json()["state"] == "resolved"


# --- where they are when they are lost ------------------------------------------------------------


async def authorizing(house: House) -> str:
    """The PSP holds the money; its answer was lost."""
    return await _lost_at(house, "authorize", stories._deposit)


async def _lost_at(house: House, operation: str, play: stories.Play) -> str:
    payment_id = await play(house)
    house.bank.moods[payment_id] = Mood.LOSES_ANSWERS
    if operation == "authorize":
        await stories.begin(house, payment_id, "authorize")
    await until(lambda: stories._is_done(house, payment_id, operation), operation)
    return payment_id


async def voiding(house: House) -> str:
    payment_id = await stories._held(house)
    house.bank.moods[payment_id] = Mood.DOWN
    await stories.begin(house, payment_id, "void")
    await until(lambda: _asked(house, payment_id, ":void:"), "void asked")
    return payment_id


async def paying(house: House) -> str:
    """It was paid; the answer was lost."""
    order = await house.payout()
    house.bank.moods[order.payout_id] = Mood.LOSES_ANSWERS
    await house.start(order)
    await until(lambda: stories._is_done(house, order.payout_id, "payout"), "paid")
    return order.payout_id


async def not_paying(house: House) -> str:
    """It was asked for, and nothing arrived."""
    order = await house.payout()
    house.bank.moods[order.payout_id] = Mood.DOWN
    await house.start(order)
    await until(lambda: _asked(house, order.payout_id, ":payout:"), "asked")
    return order.payout_id


async def refunding(house: House) -> str:
    payment_id = await stories.refunding(house)
    await until(lambda: stories._is_done(house, payment_id, "refund"), "refunded")
    return payment_id


async def _asked(house: House, payment_id: str, step: str) -> bool:
    return any(payment_id + step in key for _, key in house.bank.asked)


@dataclass(frozen=True)
class Lost:
    story: Story
    comes_to: str


LOST = [
    Lost(Story("asked for nothing", stories.opened, stories._authorize), "CAPTURED"),
    Lost(Story("authorizing", authorizing, stories._by_word), "CAPTURED"),
    Lost(Story("challenged", stories.challenged, stories._complete), "CAPTURED"),
    Lost(Story("held", stories._held, stories._capture), "CAPTURED"),
    Lost(Story("held, then cancelled", stories._held, stories._cancel), "CANCELLED"),
    Lost(Story("capturing", stories.in_doubt, stories._by_word), "CAPTURED"),
    Lost(Story("voiding", voiding, stories._by_word), "VOIDED"),
    Lost(Story("awaiting approval", stories.awaiting, stories._approve), "PAYOUT_SETTLED"),
    Lost(Story("paying", paying, stories._by_word), "PAYOUT_SETTLED"),
    Lost(Story("asked to pay", not_paying, stories._by_word), "PAYOUT_SETTLED"),
    Lost(Story("processing", stories.processing, stories._by_word), "PAYOUT_SETTLED"),
    Lost(Story("refunding", refunding, stories._by_word), "REFUND_PROCESSED"),
    Lost(Story("promised", stories.refund_promised, stories._by_word), "REFUND_PROCESSED"),
]


@pytest.mark.parametrize("loses", [terminated, deleted], ids=["terminated", "deleted"])
async def test_a_payment_whose_run_was_lost_is_finished_by_the_rebuilt_one(
    house: House, operator: Caller, loses: Loses
) -> None:
    found = await asyncio.gather(
        *(_finished(house, operator, loses, lost) for lost in LOST), return_exceptions=True
    )
    faults = [
        f"{lost.story.name}: {type(fault).__name__} {fault}"
        for lost, fault in zip(LOST, found, strict=True)
        if fault is not None
    ]
    assert faults == []


async def _finished(house: House, operator: Caller, loses: Loses, lost: Lost) -> None:
    payment_id = await lost.story.play(house)
    await loses(house, payment_id)
    if lost.story.name == "asked for nothing" and loses is deleted:
        # What was never begun is begun again by itself.
        await LostRuns(house.pool, house.client, house.queue, patience=timedelta(0)).find()
    else:
        await rebuilt(house, operator, payment_id)
    house.bank.moods.pop(payment_id, None)
    house.bank.keep_promises(payment_id)
    for _ in range(20):
        if not await house.is_running(str(workflow_of(payment_id))):
            break
        await lost.story.end(house, payment_id)
        await asyncio.sleep(0.5)
    assert (await house.agrees(payment_id)).status == lost.comes_to


async def test_a_command_to_a_payment_without_a_run_starts_no_second_one(
    house: House, platform: Caller, approver: Caller
) -> None:
    payment_id = await stories.awaiting(house)
    deposit = await stories._held(house)
    for lost, each in ((deleted, payment_id), (terminated, deposit)):
        await lost(house, each)
    commands = [
        (approver, f"/v1/cashier/payouts/{payment_id}/approvals", {"decision": "approve"}),
        (platform, f"/v1/cashier/payouts/{payment_id}/cancel", None),
        (platform, f"/v1/cashier/intents/{deposit}/capture", {}),
        (platform, f"/v1/cashier/intents/{deposit}/cancel", None),
    ]
    for caller, path, body in commands:
        refused = await caller.post(path, body)
        assert (refused.status_code, slug(refused)) == (503, "unattended"), refused.text
    assert house.bank.done(payment_id)["payout"] == 0
    with pytest.raises(RPCError, match="not found"):
        await house.run(payment_id).describe()
    assert not await house.is_running(str(workflow_of(deposit)))


async def test_a_run_that_is_lost_again_gets_a_case_of_its_own(
    house: House, operator: Caller
) -> None:
    payment_id = await stories.awaiting(house)
    for loses in (terminated, deleted):
        await loses(house, payment_id)
        await rebuilt(house, operator, payment_id)
    await house.tell(payment_id, "approve", stories.YES)
    assert (await house.agrees(payment_id)).status == "PAYOUT_SETTLED"
    assert len(await house.cases(payment_id, "resolved")) == 2
