"""A player's approval is used once: a completion that sends them back to the page used it up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from tests.workflows.asking import complete
from tests.workflows.test_completion import AGAIN, ONCE, READY, about, challenged
from tests.workflows.world import World
from workflows.domain.psp import COMPLETE


async def test_an_approval_that_is_used_up_completes_nothing_again_and_a_later_one_does(
    world: World,
) -> None:
    order, handle = await challenged(world)
    world.psp.will_answer(COMPLETE, AGAIN)
    gate = world.psp.will_hold(COMPLETE)
    back = asyncio.ensure_future(complete(handle))
    await gate.reached.wait()
    for _ in range(2):
        await handle.signal("psp_event", about(world, order, READY))
    gate.opened.set()
    assert (await back).status == "REQUIRES_ACTION"
    await asyncio.sleep(0.3)
    assert world.psp.done == ONCE[:2]
    await handle.signal("psp_event", about(world, order, READY))
    assert (await handle.result()).status == "CAPTURED"
    assert world.psp.done == [*ONCE[:2], "authorize:1:complete:2", "capture"]
    assert world.books.cases == {}


async def test_an_approval_that_is_told_after_the_answer_that_used_it_up_is_used_up_too(
    world: World,
) -> None:
    order, handle = await challenged(world)
    world.psp.will_answer(COMPLETE, AGAIN)
    before = datetime.now(UTC).isoformat()
    assert (await complete(handle)).status == "REQUIRES_ACTION"
    late = replace(about(world, order, READY), occurred_at=before)
    await handle.signal("psp_event", late)
    await asyncio.sleep(0.3)
    assert world.psp.done == ONCE[:2]
    assert (await complete(handle, under="again")).status == "CAPTURED"
    assert world.psp.done == [*ONCE[:2], "authorize:1:complete:2", "capture"]
