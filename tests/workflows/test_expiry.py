"""Intents that nobody goes ahead with end by one run for all of them."""

from __future__ import annotations

from tests.workflows.world import World
from workflows.domain.identity import EXPIRY
from workflows.policies import EXPIRED_TOGETHER


async def test_all_that_is_overdue_is_expired_some_at_a_time(world: World) -> None:
    world.books.overdue = 2 * EXPIRED_TOGETHER + 1
    run = await world.client.start_workflow(
        EXPIRY, id=f"expiry-{world.name}", task_queue=world.queue, result_type=int
    )
    assert await run.result() == 2 * EXPIRED_TOGETHER + 1
    assert world.books.overdue == 0
