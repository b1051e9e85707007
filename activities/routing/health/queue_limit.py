"""How often a PSP may be asked: a limit on its task queue, which Temporal keeps and heeds at once.

What is above the limit waits in the queue, visibly, until it has its turn.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import RateLimit, TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    UpdateTaskQueueConfigRequest,
)
from temporalio.client import Client

_TIMEOUT = timedelta(seconds=5)
_ACTIVITIES = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY


async def limit_queue(
    client: Client, psp: str, per_second: float | None, *, reason: str, by: str
) -> None:
    """Raises temporalio.service.RPCError, and RuntimeError while no server was ever there."""
    update = UpdateTaskQueueConfigRequest.RateLimitUpdate(reason=reason)
    if per_second is not None:
        update.rate_limit.CopyFrom(RateLimit(requests_per_second=per_second))
    await client.workflow_service.update_task_queue_config(
        UpdateTaskQueueConfigRequest(
            namespace=client.namespace,
            identity=by,
            task_queue=_queue(psp),
            task_queue_type=_ACTIVITIES,
            update_queue_rate_limit=update,
        ),
        timeout=_TIMEOUT,
    )


async def limit_of_queue(client: Client, psp: str) -> float | None:
    """Raises as above."""
    description = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=_queue(psp)),
            task_queue_type=_ACTIVITIES,
            report_config=True,
        ),
        timeout=_TIMEOUT,
    )
    limit = description.config.queue_rate_limit
    if not limit.HasField("rate_limit"):
        return None
    # A float32 on the way: the digits that a person wrote, and not those behind them.
    return float(f"{limit.rate_limit.requests_per_second:.6g}")


def _queue(psp: str) -> str:
    return f"psp-{psp}"
