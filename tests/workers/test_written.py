"""Whoever tells of versions is woken by who writes them, and by nobody else."""

from __future__ import annotations

import uuid
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from workers.written import Wakes


@activity.defn(name="wallet.close")
async def close() -> str:
    return "closed"


@activity.defn(name="risk.screen")
async def screen() -> str:
    return "cleared"


@workflow.defn(name="writes")
class Writes:
    @workflow.run
    async def run(self, names: list[str]) -> list[str]:
        patience = timedelta(seconds=30)
        return [
            await workflow.execute_local_activity(
                name, start_to_close_timeout=patience, result_type=str
            )
            for name in names
        ]


async def test_a_version_that_was_written_wakes_and_a_question_does_not(
    temporal_client: Client,
) -> None:
    woken: list[int] = []
    queue = f"written-{uuid.uuid4().hex}"
    async with Worker(
        temporal_client,
        task_queue=queue,
        workflows=[Writes],
        activities=[close, screen],
        workflow_runner=UnsandboxedWorkflowRunner(),
        interceptors=[Wakes(lambda: woken.append(1))],
    ):
        names = ["risk.screen", "wallet.close", "risk.screen"]
        answers = await temporal_client.execute_workflow(
            Writes.run, names, id=queue, task_queue=queue
        )
    assert answers == ["cleared", "closed", "cleared"]
    assert woken == [1]
