"""Somebody presses Cancel in the Web UI, at any moment: the run ends in order, never torn."""

from __future__ import annotations

import asyncio

import pytest
from temporalio.client import Client

from tests.workflows.asking import accepted, authorize, capture, command, refusal_of
from tests.workflows.orders import FIFTY, deposit, payout, refund
from tests.workflows.world import CHALLENGE, SOFT, World, a_world, working
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod
from workflows.domain.psp import Approved, Operation, Outcome
from workflows.domain.risk import Cleared


async def test_a_cancel_before_the_first_step_still_ends_in_order(temporal_client: Client) -> None:
    world = a_world(temporal_client)
    handles = [await world.start(o) for o in (deposit(), payout(), refund(world.name))]
    for handle in handles:
        await handle.cancel()
    async with working(world):
        ends = [(await handle.result()).status for handle in handles]
    assert ends == ["CANCELLED", "PAYOUT_CANCELLED", "REFUND_PROCESSED"]


ANSWERS = [Approved("psp-1", FIFTY), CHALLENGE, SOFT]


@pytest.mark.parametrize("answer", ANSWERS, ids=["approved", "challenge", "soft decline"])
async def test_a_deposit_cancelled_while_a_psp_is_asked_undoes_what_the_answer_brings(
    world: World, answer: Outcome
) -> None:
    world.psp.will_answer(Operation.AUTHORIZE, answer)
    gate = world.psp.will_hold(Operation.AUTHORIZE)
    handle = await world.start(deposit())
    answering = asyncio.ensure_future(authorize(handle))
    await gate.reached.wait()
    await handle.cancel()
    gate.opened.set()
    assert (await answering).status == "CANCELLED"
    assert (await handle.result()).status == "CANCELLED"
    undone = [] if answer is SOFT else ["void:1"]
    assert world.psp.done == ["authorize:1", *undone]
    assert world.books.statuses == ["CANCELLED"]
    assert world.wallet.commands == []


async def test_a_capture_that_is_on_its_way_is_awaited_and_credited(world: World) -> None:
    gate = world.psp.will_hold(Operation.CAPTURE)
    handle = await world.start(deposit())
    answering = asyncio.ensure_future(authorize(handle))
    await gate.reached.wait()
    await handle.cancel()
    assert (await refusal_of(command(handle, "cancel"))).type == "IllegalState"
    gate.opened.set()
    assert (await answering).status == "CAPTURED"
    assert (await handle.result()).status == "CAPTURED"
    assert world.wallet.commands == ["credit"]


async def test_a_void_that_is_on_its_way_is_awaited(world: World) -> None:
    gate = world.psp.will_hold(Operation.VOID)
    handle = await world.start(deposit(capture_method=CaptureMethod.MANUAL))
    await authorize(handle)
    answering = asyncio.ensure_future(command(handle, "void"))
    await gate.reached.wait()
    await handle.cancel()
    gate.opened.set()
    assert (await answering).status == "VOIDED"
    assert (await handle.result()).status == "VOIDED"


async def test_the_rest_of_a_partial_capture_is_voided_all_the_same(world: World) -> None:
    gate = world.psp.will_hold(Operation.VOID)
    handle = await world.start(deposit(capture_method=CaptureMethod.MANUAL))
    await authorize(handle)
    await capture(handle, Money(2000, "EUR"))
    await gate.reached.wait()
    await handle.cancel()
    gate.opened.set()
    result = await handle.result()
    assert (result.status, result.final) == ("CAPTURED", True)
    assert world.psp.done == ["authorize:1", "capture", "void:1"]


async def test_a_hold_that_waits_for_capture_is_voided(world: World) -> None:
    handle = await world.start(deposit(capture_method=CaptureMethod.MANUAL))
    await authorize(handle)
    await handle.cancel()
    assert (await handle.result()).status == "CANCELLED"
    assert world.psp.done == ["authorize:1", "void:1"]


async def test_a_payout_that_waits_for_approval_is_given_back(world: World) -> None:
    world.books.verdict = Cleared(needs_approval=True)
    handle = await world.start(payout())
    await accepted(handle)
    await handle.cancel()
    assert (await handle.result()).status == "PAYOUT_CANCELLED"
    assert world.wallet.commands == ["hold", "release"]


@pytest.mark.parametrize("kind", [Operation.PAYOUT, Operation.REFUND])
async def test_money_on_its_way_out_is_followed_to_its_end(world: World, kind: Operation) -> None:
    gate = world.psp.will_hold(kind)
    order = payout() if kind is Operation.PAYOUT else refund(world.name)
    handle = await world.start(order)
    await gate.reached.wait()
    await handle.cancel()
    gate.opened.set()
    assert (await handle.result()).status in ("PAYOUT_SETTLED", "REFUND_PROCESSED")
    assert world.wallet.commands == ["hold", "capture_hold"]
