"""The Web UI offers "start like this one": of what nobody opened no money is held or asked for."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import fields, replace
from typing import Any

import pytest
from temporalio.client import WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.registry.runs import start_run
from tests.walls.house import House, a_player
from tests.walls.strangers import late_fact
from tests.workflows import orders
from workflows.domain.cases import Action, CaseOrder, Proposal
from workflows.domain.deposits import AuthorizeCommand
from workflows.domain.identity import LATE_EVENT, late_workflow_id, workflow_of
from workflows.domain.money import Money
from workflows.domain.orders import PaymentOrder, id_of
from workflows.domain.records import Result

MORE = Money(5001, "EUR")
DEAR = Money(5000, "USD")


async def _unknown(house: House, kind: str) -> PaymentOrder:
    """As if opened: its player has the money."""
    player = a_player()
    match kind:
        case "deposit":
            return orders.deposit(player=player)
        case "payout":
            await house.give(player, Money(6000, "EUR"))
            return orders.payout(player=player, method="card")
        case _:
            order = orders.refund(house.first.psp, player=player, account=house.first)
            await house.give(player, order.amount, order.intent_id)
            return order


async def _ends_in_failure(house: House, run: WorkflowHandle[Any, Any]) -> str:
    """Its error's type. A task that fails again and again would not end it."""
    async with asyncio.timeout(60):
        with pytest.raises(WorkflowFailureError) as failed:
            await run.result()
    assert await house.failed_tasks(run.id) == []
    cause: BaseException | None = failed.value.cause
    while cause is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__
    assert cause is not None, failed.value.cause
    return str(cause.type)


async def _asked_for_nothing(house: House, payment_id: str, player: Any) -> None:
    assert [key for _, key in house.bank.asked if payment_id in key] == []
    assert (
        await house.pool.fetchval(
            "SELECT count(*) FROM psp_instructions WHERE payment_id = $1", payment_id
        )
        == 0
    )
    held = await house.pool.fetchval(
        "SELECT count(*) FROM transfers WHERE payment_id = $1", payment_id
    )
    assert held == 0
    assert (await house.money(player))[1] == 0


CHANGES: dict[str, dict[str, Any]] = {
    "unknown": {},
    "more": {"amount": MORE},
    "another currency": {"amount": DEAR},
    "another player": {"player": None},
    "less": {"amount": Money(1, "EUR")},
    "ten times": {"amount": Money(50_000, "EUR")},
    "another region": {"region": "DE"},
    "another destination": {"destination": "dst_mine"},
    "another requester": {"requester": "nobody"},
    "another segment": {"segment": "vip"},
    "another capture": {"capture_ref": "psp-of-somebody-else"},
    "another token": {"payment_token": "tok_mine"},
    "another way back": {"return_url": "https://mine.example/"},
}
"""What is ordered otherwise than the registry has it, where the order has such a field."""


@pytest.mark.parametrize("kind", ["deposit", "payout", "refund"])
async def test_a_run_by_hand_moves_no_money_that_the_registry_does_not_know(
    house: House, kind: str
) -> None:
    fields_of = {field.name for field in fields(await _unknown(house, kind))}
    possible = [how for how, changes in CHANGES.items() if changes.keys() <= fields_of]
    assert len(possible) >= 7
    await asyncio.gather(*(_by_hand(house, kind, how) for how in possible))


async def _by_hand(house: House, kind: str, how: str) -> None:
    order = await _unknown(house, kind)
    if how != "unknown":
        await house.open(order)
    changes = dict(CHANGES[how])
    if "player" in changes:
        changes["player"] = a_player()
        await house.give(changes["player"], Money(9000, "EUR"))
    if "amount" in changes:
        await house.give(order.player, changes["amount"])
    like_it = replace(order, **changes)
    run = await house.start(like_it)
    if kind == "deposit":
        await house.tell(id_of(order), "authorize", AuthorizeCommand())
    assert await _ends_in_failure(house, run) == "UnknownPayment", how
    await _asked_for_nothing(house, id_of(order), like_it.player)


async def test_a_deposit_by_hand_that_expires_ends_too(house: House) -> None:
    order = orders.deposit(player=a_player(), expires_in_seconds=1)
    assert await _ends_in_failure(house, await house.start(order)) == "UnknownPayment"


async def test_a_late_event_run_of_a_payment_that_nobody_opened_ends(house: House) -> None:
    payment_id = f"in_{uuid.uuid4().hex}"
    run = await house.client.start_workflow(
        LATE_EVENT,
        payment_id,
        id=late_workflow_id(payment_id),
        task_queue=house.queue,
        start_signal="psp_event",
        start_signal_args=[late_fact(house, payment_id)],
    )
    assert await _ends_in_failure(house, run) == "UnknownPayment"
    assert [key for _, key in house.bank.asked if payment_id in key] == []


async def test_a_resolution_of_a_case_that_nobody_opened_ends(house: House) -> None:
    case_id = f"case_{uuid.uuid4().hex}"
    order = CaseOrder(
        case_id=case_id, payment_id=f"in_{uuid.uuid4().hex}", brand="acme", trace_id="t"
    )
    await start_run(house.client, house.queue, order)
    run = house.client.get_workflow_handle(str(workflow_of(case_id)))
    proposal = Proposal(id="1", action=Action.CREDIT, amount=None, reason="x", by="ann")
    proposing = asyncio.ensure_future(run.execute_update("propose", proposal))
    assert await _ends_in_failure(house, run) == "UnknownCase"
    with pytest.raises(WorkflowUpdateFailedError):
        await proposing


@pytest.mark.parametrize("kind", ["deposit", "payout", "refund"])
async def test_a_second_run_of_a_payment_does_nothing_that_the_first_did(
    house: House, kind: str
) -> None:
    order = await _unknown(house, kind)
    await house.open(order)
    first = await house.start(order)
    second = await house.client.start_workflow(
        kind, order, id=f"like-{id_of(order)}", task_queue=house.queue, result_type=Result
    )
    with pytest.raises(WorkflowFailureError, match="Workflow execution failed") as refused:
        await second.result()
    assert "its own name would be" in str(refused.value.cause)
    if kind == "deposit":
        await first.execute_update("authorize", AuthorizeCommand())
    async with asyncio.timeout(60):
        end = await first.result()
    assert end.status == (await house.agrees(id_of(order))).status
    assert await house.failed_tasks(second.id) == []
