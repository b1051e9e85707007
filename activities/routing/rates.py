"""How often a PSP may be asked: a limit on its task queue, which Temporal keeps and heeds at once.

What is above the limit waits in the queue, visibly, until it has its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import RateLimit, TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    UpdateTaskQueueConfigRequest,
)
from temporalio.client import Client

_TIMEOUT = timedelta(seconds=5)
_ACTIVITIES = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
_SET = """
INSERT INTO routing_rates (psp, per_second, reason, set_by) VALUES ($1, $2, $3, $4)
"""
_HISTORY = """
SELECT psp, per_second, reason, set_by, set_at FROM routing_rates
WHERE psp = $1 ORDER BY id DESC LIMIT $2
"""


@dataclass(frozen=True, kw_only=True)
class RateChange:
    psp: str
    per_second: float | None
    """Calls of all kinds together; None is no limit of ours."""
    reason: str
    set_by: str
    set_at: datetime


@dataclass(frozen=True, kw_only=True)
class Rate:
    psp: str
    per_second: float | None
    """What Temporal heeds now; None is no limit of ours."""
    latest: RateChange | None
    """What was asked for last. If it is another rate, it was not applied, or was set elsewhere."""


class Rates:
    def __init__(self, pool: asyncpg.Pool, client: Client) -> None:
        self._pool = pool
        self._client = client

    async def put(self, psp: str, per_second: float | None, *, reason: str, by: str) -> Rate:
        """Above 0, or None for no limit. It is written down first: whoever changed it can be found.

        Raises temporalio.service.RPCError, and RuntimeError while no server was ever there.
        """
        await self._pool.execute(_SET, psp, per_second, reason, by)
        update = UpdateTaskQueueConfigRequest.RateLimitUpdate(reason=reason)
        if per_second is not None:
            update.rate_limit.CopyFrom(RateLimit(requests_per_second=per_second))
        await self._client.workflow_service.update_task_queue_config(
            UpdateTaskQueueConfigRequest(
                namespace=self._client.namespace,
                identity=by,
                task_queue=_queue(psp),
                task_queue_type=_ACTIVITIES,
                update_queue_rate_limit=update,
            ),
            timeout=_TIMEOUT,
        )
        return await self.rate(psp)

    async def rate(self, psp: str) -> Rate:
        """Raises as above."""
        told = await self._client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=self._client.namespace,
                task_queue=TaskQueue(name=_queue(psp)),
                task_queue_type=_ACTIVITIES,
                report_config=True,
            ),
            timeout=_TIMEOUT,
        )
        limit = told.config.queue_rate_limit
        history = await self.history(psp, limit=1)
        return Rate(
            psp=psp,
            # A float32 on the way: the digits that a person wrote, and not those behind them.
            per_second=float(f"{limit.rate_limit.requests_per_second:.6g}")
            if limit.HasField("rate_limit")
            else None,
            latest=history[0] if history else None,
        )

    async def history(self, psp: str, limit: int = 50) -> Sequence[RateChange]:
        """Newest first."""
        return [RateChange(**dict(row)) for row in await self._pool.fetch(_HISTORY, psp, limit)]


def _queue(psp: str) -> str:
    return f"psp-{psp}"
