"""The first fact about an intent that sleeps begins its run, as its first command would."""

from __future__ import annotations

from typing import Any

import asyncpg
from temporalio.client import Client

from activities.registry.orders import read_order
from activities.registry.runs import start_run

_UNTOUCHED = "SELECT kind, run_order FROM payments p WHERE id = $1 AND registry_sleeps(p)"


class Beginnings:
    def __init__(self, pool: asyncpg.Pool, client: Client, queue: str) -> None:
        self._pool = pool
        self._client = client
        self._queue = queue

    async def begin(self, payment_id: str, signal: str, arguments: list[Any]) -> bool:
        """Start the run of an intent that sleeps with a signal; False for any other payment.

        Raises RPCError, or RuntimeError before the first connection, when Temporal is away.
        """
        row = await self._pool.fetchrow(_UNTOUCHED, payment_id)
        if row is None:
            return False
        order = read_order(row["kind"], row["run_order"])
        await start_run(self._client, self._queue, order, signal, *arguments)
        return True
