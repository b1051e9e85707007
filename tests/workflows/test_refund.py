"""The refund: bounded by the capture, submitted and processed apart, given back if it fails."""

from __future__ import annotations

from datetime import timedelta

from tests.workflows.asking import Handle, accepted
from tests.workflows.orders import FIFTY, refund
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import World
from workflows.domain.psp import Approved, Declined, NotSent, Operation, Pending, Unknown
from workflows.domain.refunds import RefundOrder
from workflows.domain.wallet import RefusalReason

PROMISED = Pending("psp-1")


async def begin(world: World) -> tuple[RefundOrder, Handle]:
    order = refund(world.name)
    return order, await world.start(order)


async def test_a_refund_is_submitted_first_and_processed_by_webhook(world: World) -> None:
    world.psp.will_answer(Operation.REFUND, PROMISED)
    order, handle = await begin(world)
    assert (await accepted(handle)).status == "REFUND_SUBMITTED"
    event = world.event(f"{order.refund_id}:refund", Operation.REFUND, Approved("psp-1", FIFTY))
    await handle.signal("psp_event", event)
    assert (await handle.result()).status == "REFUND_PROCESSED"
    assert world.wallet.commands == ["hold", "capture_hold"]


async def test_a_refund_beyond_the_capture_is_refused(world: World) -> None:
    world.wallet.refuses["hold"] = RefusalReason.EXCEEDS_CREDIT
    answered = await world.begin(refund(world.name), "accepted")
    assert answered.status == "REFUND_REFUSED"
    assert answered.facts.problem is not None
    assert answered.facts.problem.reason == "exceeds_credit"
    assert world.psp.done == []


async def test_a_refund_that_the_psp_declines_gives_the_money_back(world: World) -> None:
    world.psp.will_answer(Operation.REFUND, Declined("refund_refused", False, "R1"))
    _, handle = await begin(world)
    assert (await handle.result()).status == "REFUND_FAILED"
    assert world.wallet.commands == ["hold", "release"]


async def test_a_refund_lost_on_the_wire_is_looked_up_not_repeated(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.REFUND, Unknown("read timeout"))
    world.psp.will_find(Operation.REFUND, PROMISED, Approved("psp-1", FIFTY))
    _, handle = await begin(world)
    await accepted(handle)
    await time_machine.forward(handle, timedelta(minutes=2))
    assert (await handle.result()).status == "REFUND_PROCESSED"
    assert world.psp.done == ["refund"]


async def test_a_refund_that_cannot_be_sent_is_sent_later_under_the_same_key(
    world: World, time_machine: TimeMachine
) -> None:
    world.psp.will_answer(Operation.REFUND, NotSent("refused"), NotSent("refused"))
    _, handle = await begin(world)
    await accepted(handle)
    await time_machine.forward(handle, timedelta(minutes=1))
    assert (await handle.result()).status == "REFUND_PROCESSED"
    assert len({i.key for i in world.psp.asked}) == 1
    assert world.wallet.commands == ["hold", "capture_hold"]


async def test_cancelling_a_refund_run_does_not_tear_it(world: World) -> None:
    world.psp.will_answer(Operation.REFUND, PROMISED)
    order, handle = await begin(world)
    await accepted(handle)
    await handle.cancel()
    event = world.event(f"{order.refund_id}:refund", Operation.REFUND, Approved("psp-1", FIFTY))
    await handle.signal("psp_event", event)
    assert (await handle.result()).status == "REFUND_PROCESSED"
