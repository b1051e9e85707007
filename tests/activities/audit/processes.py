"""Runs that wait for ever, whose tasks fail for ever, whose activity is never done."""

from __future__ import annotations

from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError


@activity.defn(name="audit.refuses")
async def refuses() -> None:
    raise ApplicationError("not today")


@workflow.defn(name="deposit")
class Asking:
    """Once told to, asks until it is heard."""

    def __init__(self) -> None:
        self._asked = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._asked)
        await workflow.execute_activity(
            refuses,
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=RetryPolicy(
                initial_interval=timedelta(milliseconds=50), backoff_coefficient=1.0
            ),
        )

    @workflow.signal
    def ask(self) -> None:
        self._asked = True


@workflow.defn(name="payout")
class Waiting:
    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)


@workflow.defn(name="refund")
class Broken:
    @workflow.run
    async def run(self) -> None:
        raise ValueError("a bug")
