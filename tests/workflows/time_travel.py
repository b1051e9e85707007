"""Moving a run's clock. The SDK calls this experimental: nobody else here may know of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig


class TimeMachine:
    """Runs started through `client` stand still in time until they are moved."""

    def __init__(self, client: Client) -> None:
        self._skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))

    @property
    def client(self) -> Client:
        return self._skipper.client

    async def forward(self, handle: WorkflowHandle[Any, Any], by: timedelta) -> None:
        """Move one run's clock; its timers up to then fire."""
        await self._skipper.fast_forward(handle, by)
