"""What a worker answers when it is asked whether it lives, and whether it takes work.

`/livez`: the process does something at all. `/readyz`: Postgres is reached and migrated, the
namespace has what we need, and Temporal counts this very process among those that poll each queue;
503 says what is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from infra.listening import served_beside, taken
from infra.postgres import OUTAGES
from infra.settings import Worker

_PATIENCE_SECONDS = 2.0
_ACTIVITIES = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
_WORKFLOWS = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW


@dataclass(frozen=True)
class Working:
    """A worker that has begun: whom it can be asked by, and the queues it polls."""

    pool: asyncpg.Pool
    client: Client
    core_queue: str
    psp_queues: Sequence[str]

    async def missing(self) -> list[str]:
        """What it lacks for work at this moment."""
        database, temporal = await asyncio.gather(self._database(), self._temporal())
        return [*database, *temporal]

    async def _database(self) -> list[str]:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self.pool.fetchval("SELECT 1")
        except OUTAGES:
            return ["the database is out of reach"]
        return []

    async def _temporal(self) -> list[str]:
        polled = [(self.core_queue, _WORKFLOWS), (self.core_queue, _ACTIVITIES)]
        polled += [(queue, _ACTIVITIES) for queue in self.psp_queues]
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                seen = await asyncio.gather(*(self._is_polled(*each) for each in polled))
        except (RPCError, RuntimeError, TimeoutError):
            return ["Temporal is out of reach"]
        unpolled = {queue for (queue, _), here in zip(polled, seen, strict=True) if not here}
        return [f"the queue {queue} is not polled yet" for queue in sorted(unpolled)]

    async def _is_polled(self, queue: str, kind: TaskQueueType.ValueType) -> bool:
        asked = DescribeTaskQueueRequest(
            namespace=self.client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=kind,
        )
        found = await self.client.workflow_service.describe_task_queue(asked)
        return any(poller.identity == self.client.identity for poller in found.pollers)


@dataclass
class Health:
    """Told by the worker how far it is."""

    waiting_for: str = "the database"
    """Of what is not there yet, or why it takes no more work."""
    working: Working | None = field(default=None, repr=False)

    def waits_for(self, what: str) -> None:
        self.waiting_for = what

    async def missing(self) -> list[str]:
        if self.working is None:
            return [self.waiting_for]
        return await self.working.missing()


@asynccontextmanager
async def asked(health: Health, chosen: Worker) -> AsyncIterator[None]:
    """It can be asked for as long as the context lasts, where the settings give it a port.

    Raises SettingsError for a port that is taken.
    """
    if not chosen.health_port:
        yield
        return
    door = taken(chosen.health_host, chosen.health_port, "PAYSAGA_WORKER_HEALTH")
    async with served_beside(_application(health), door):
        yield


def _application(health: Health) -> Starlette:
    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        if missing := await health.missing():
            return JSONResponse({"status": "not ready", "missing": missing}, status_code=503)
        return JSONResponse({"status": "ready"})

    return Starlette(routes=[Route("/livez", livez), Route("/readyz", readyz)])
