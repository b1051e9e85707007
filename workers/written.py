"""Who waits for versions of payments is woken when this worker has written one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

_WRITES = frozenset({"registry.expire", "registry.record", "wallet.close"})
"""The activities that write a version, or mostly do."""


class Wakes(Interceptor):
    """Calls `wake` after each of them: it must not take long, and not fail."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Waking(next, self._wake)


class _Waking(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, wake: Callable[[], None]) -> None:  # noqa: A002
        super().__init__(next)
        self._wake_them = wake

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        answer = await super().execute_activity(input)
        if activity.info().activity_type in _WRITES:
            self._wake_them()
        return answer
