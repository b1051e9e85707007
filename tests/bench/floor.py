"""The floor: a workflow that does nothing, by a worker in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from temporalio import workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.settings import settings
from infra.running import run, settle_memory
from infra.temporal import connect

QUEUE = "bench-floor"


@workflow.defn(name="empty")
class Empty:
    @workflow.run
    async def run(self) -> None:
        """Nothing."""


async def main() -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    worker = Worker(
        await connect(settings().temporal),
        task_queue=QUEUE,
        workflows=[Empty],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_concurrent_workflow_task_polls=10,
    )
    settle_memory()
    async with worker:
        await stop.wait()


if __name__ == "__main__":
    run(main())
    sys.stdout.flush()
    os._exit(0)
