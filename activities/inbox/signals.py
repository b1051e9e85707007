"""Telling runs what was heard: sealed, for the payment's runs alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Protocol

import asyncpg
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy

from workflows.domain.identity import LATE_EVENT, late_workflow_id
from workflows.domain.seals import FACT, Seals

SEALED_BY = "inbox"
"""Who tells runs what was heard."""
_SIGNAL_TIMEOUT = timedelta(seconds=3)
"""Shorter than a lease: a slow delivery is over before another relay may try it."""
_TASK_TIMEOUT = timedelta(seconds=3)


class Begins(Protocol):
    async def begin(self, payment_id: str, signal: str, arguments: list[Any]) -> bool: ...


class Signals:
    """On the `queue` of our own runs, a fact about a payment that is over has a run decide it.

    Raises RPCError, or RuntimeError before the first connection, when Temporal is away.
    """

    def __init__(
        self, client: Client, queue: str, seals: Seals, beginnings: Begins | None = None
    ) -> None:
        """`beginnings`: of intents that have no run yet."""
        self._beginnings = beginnings
        self._client = client
        self._queue = queue
        self._seals = seals

    async def signal(self, target: str, row: asyncpg.Record) -> None:
        handle = self._client.get_workflow_handle(target)
        await handle.signal(FACT, args=self._sealed(row), rpc_timeout=_SIGNAL_TIMEOUT)

    async def signal_first(self, row: asyncpg.Record) -> bool:
        """Begin the run of an intent that sleeps; False where it is none."""
        if self._beginnings is None:
            return False
        return await self._beginnings.begin(row["payment_id"], FACT, self._sealed(row))

    async def signal_late(self, row: asyncpg.Record) -> None:
        payment_id = row["payment_id"]
        await self._client.start_workflow(
            LATE_EVENT,
            payment_id,
            id=late_workflow_id(payment_id),
            task_queue=self._queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal=FACT,
            start_signal_args=self._sealed(row),
            task_timeout=_TASK_TIMEOUT,
            rpc_timeout=_SIGNAL_TIMEOUT,
            static_summary=f"Late facts about {payment_id}",
        )

    def _sealed(self, row: asyncpg.Record) -> list[Any]:
        """The fact, and the proof that the inbox has it, for this payment's runs alone."""
        event = row["event"]
        seal = self._seals.seal(row["payment_id"], FACT, event, by=SEALED_BY, row=row["id"])
        return [event, seal]
