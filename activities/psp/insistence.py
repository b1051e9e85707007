"""Asking our own database again, for as long as a run may wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from temporalio.exceptions import ApplicationError

from infra.postgres import OUTAGES
from workflows.steps.psp_calls import NOT_WRITTEN

WAITS_FOR_THE_DATABASE = (0.1, 0.3, 1.0, 2.0)
"""Seconds. What it takes longer is a run's to wait for."""

Answer = TypeVar("Answer")

log = structlog.get_logger("paysaga.psp")


async def insisting(question: Callable[[], Awaitable[Answer]]) -> Answer:
    for pause in WAITS_FOR_THE_DATABASE:
        try:
            return await question()
        except OUTAGES as down:
            log.warning("instructions_unreachable", error=type(down).__name__)
            await asyncio.sleep(pause)
    raise ApplicationError(
        "it could not be written down, and so was not sent", type=NOT_WRITTEN, non_retryable=True
    )
