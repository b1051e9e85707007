"""A bug is not a payment failure: the run stops where everybody sees it, and nothing moves."""

from __future__ import annotations

import asyncio

from temporalio.worker import Worker

from tests.workflows.asking import authorize, task_fails
from tests.workflows.lawless import Lawless
from tests.workflows.orders import deposit
from tests.workflows.world import World
from workers.assembly import activities_of, workflow_runner
from workflows.domain.psp import Operation
from workflows.domain.wallet import RefusalReason
from workflows.starting import start_of


async def test_an_illegal_transition_stops_the_run_and_moves_nothing(world: World) -> None:
    order = deposit()
    queue = f"{world.queue}-lawless"
    async with Worker(
        world.client,
        task_queue=queue,
        workflows=[Lawless],
        activities=[*activities_of(world.wallet), *activities_of(world.books)],
        workflow_runner=workflow_runner(sandboxed=True),
    ):
        handle = await world.client.start_workflow(
            Lawless.run, order, id=start_of(order).id, task_queue=queue
        )
        assert "CAPTURED -> FAILED" in await task_fails(handle)
        await handle.terminate("the bug has been seen")
    assert world.books.statuses == ["CAPTURED"]
    assert world.wallet.commands == []


async def test_a_wallet_that_refuses_a_captured_euro_stops_the_run_until_it_is_mended(
    world: World,
) -> None:
    world.wallet.refuses["credit"] = RefusalReason.KEY_CONFLICT
    handle = await world.start(deposit())
    answering = asyncio.ensure_future(authorize(handle))
    assert "the wallet refused" in await task_fails(handle)
    assert world.books.records == []
    del world.wallet.refuses["credit"]
    assert (await answering).status == "CAPTURED"
    assert [i.key.partition(":")[2] for i in world.psp.asked] == ["authorize:1", "capture"]
    assert world.psp.done.count(Operation.CAPTURE) == 1
