"""Delivering stored events to their runs as signals, until each is delivered or parked.

Whoever dies between any two steps loses nothing: a lease runs out, and the run takes an event id
once. Safe to run in every worker. An event whose payment is unknown waits: it costs a look into
the registry at growing pauses, and never holds up an event that is fresh.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.inbox import cases
from activities.inbox.inbox import Inbox
from infra.postgres import OUTAGES
from infra.settings import Inbox as Limits
from workflows.visibility import LATE_EVENT, late_workflow_id, workflow_of

SIGNAL = "psp_event"
_SIGNAL_TIMEOUT = timedelta(seconds=3)
"""Shorter than a lease: a slow delivery is over before another relay may try it."""
_TASK_TIMEOUT = timedelta(seconds=3)
_IDLE_SECONDS = 0.1
_OUTAGE_SECONDS = 1.0
_FORGET_SECONDS = 60.0

_LEASE = """
WITH due AS (
    SELECT e.id, p.id IS NOT NULL AS known
    FROM inbox_events e LEFT JOIN payments p ON p.id = e.payment_id
    WHERE e.delivered_at IS NULL AND e.parked IS NULL AND {lane}
    LIMIT $1 FOR UPDATE OF e SKIP LOCKED
)
UPDATE inbox_events e SET attempts = e.attempts + 1,
    next_at = now() + CASE WHEN due.known THEN interval '4 seconds' ELSE {pause} END
FROM due WHERE e.id = due.id
RETURNING e.id, e.payment_id, e.event, e.psp, e.event_id, e.attempts, due.known,
    e.escalated_at IS NULL AND e.received_at < now() - $2::interval AS overdue
"""
_PAUSE = (
    "interval '60 seconds' * least(1, power(2, least(e.attempts, 10)) / 120)"
    " * (0.75 + random() / 4)"
)
_LANES = tuple(
    _LEASE.format(lane=lane, pause=_PAUSE)
    for lane in (
        "e.attempts = 0 ORDER BY e.id",
        "e.attempts > 0 AND e.next_at <= now() ORDER BY e.next_at",
    )
)
_DELIVERED = "UPDATE inbox_events SET delivered_at = now(), parked = NULL WHERE id = $1"
_PARKED = "UPDATE inbox_events SET parked = $2 WHERE id = $1 AND delivered_at IS NULL"
_ESCALATED = "UPDATE inbox_events SET escalated_at = now() WHERE id = $1"
_SOON = (
    "UPDATE inbox_events SET next_at = now() + interval '1 second' * (0.5 + random() / 2) "
    "WHERE id = $1"
)
_LATER = f"UPDATE inbox_events e SET next_at = now() + {_PAUSE} WHERE id = $1"  # noqa: S608
_REFUSED = (
    f"UPDATE inbox_events e SET refusals = refusals + 1, next_at = now() + {_PAUSE} "  # noqa: S608
    "WHERE id = $1 RETURNING refusals"
)
_RUN_IS_OVER = "SELECT final FROM payments WHERE id = $1"

_REFUSALS = {RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.OUT_OF_RANGE}
"""What the server says of this very signal: it would say it again."""
_OF_ONE_RUN = {
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.FAILED_PRECONDITION,
}
"""It passes, and may be the trouble of this run alone. Every other error is an outage."""


log = structlog.get_logger("paysaga.inbox")


class Relay:
    """On the `queue` of our own runs, a fact about a payment that is over has a run decide it."""

    def __init__(
        self, pool: asyncpg.Pool, client: Client, queue: str, limits: Limits | None = None
    ) -> None:
        self._pool = pool
        self._queue = queue
        self._client = client
        self._limits = limits or Limits()
        self._patience = timedelta(hours=self._limits.unknown_hours)
        self._under_way: set[asyncio.Task[None]] = set()
        self._forgot_at = float("-inf")
        self._down = False

    async def run(self) -> None:
        """Relay for ever; an outage of Postgres or Temporal is waited out.

        New events are taken as deliveries end, so that a slow one holds up nobody.
        """
        try:
            while True:
                await self._room()
                due = await self._due()
                for row in due:
                    task = asyncio.create_task(self._delivering(row))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
                if not due:
                    await asyncio.sleep(_IDLE_SECONDS)
        finally:
            for task in self._under_way:
                task.cancel()

    async def sweep(self) -> int:
        """Try to deliver what is due, once; give how many events were tried."""
        due = await self._lease(self._limits.deliveries)
        await asyncio.gather(*(self._deliver(row) for row in due))
        return len(due)

    async def _room(self) -> None:
        """Until some deliveries are over; while Temporal is away, for a moment too."""
        if self._down:
            self._down = False
            await asyncio.sleep(_OUTAGE_SECONDS)
        while len(self._under_way) > self._limits.deliveries * 7 // 8:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def _due(self) -> Sequence[asyncpg.Record]:
        try:
            if time.monotonic() - self._forgot_at > _FORGET_SECONDS:
                await Inbox(self._pool).forget_nonces()
                self._forgot_at = time.monotonic()
            return await self._lease(max(1, self._limits.deliveries - len(self._under_way)))
        except OUTAGES as down:
            log.warning("inbox_unreachable", error=type(down).__name__)
            self._down = True
            return []

    async def _lease(self, most: int) -> Sequence[asyncpg.Record]:
        """What was never tried, and beside it a share of what waits: neither starves the other."""
        fresh, waiting = _LANES
        return [
            *await self._pool.fetch(fresh, most, self._patience),
            *await self._pool.fetch(waiting, max(1, most // 2), self._patience),
        ]

    async def _delivering(self, row: asyncpg.Record) -> None:
        try:
            try:
                await self._deliver(row)
            except OUTAGES:
                raise
            except Exception as error:  # noqa: BLE001 - one event's trouble is not the others'
                await self._refused(row, type(error).__name__)
        except OUTAGES as down:
            log.warning("inbox_unreachable", error=type(down).__name__)

    async def _deliver(self, row: asyncpg.Record) -> None:
        target = workflow_of(row["payment_id"])
        if target is None:
            await cases.not_ours(self._pool, row)
            await self._park(row, "not_ours")
        elif row["known"]:
            await self._tell(target, row)
        else:
            await self._escalate_if_overdue(row)

    async def _tell(self, target: str | None, row: asyncpg.Record) -> None:
        """Signal the payment's run; without a target, the run that sees to late facts."""
        try:
            if target is None:
                await self._signal_late(row)
            else:
                await self._signal(target, row["event"])
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND and target is not None:
                await self._no_run(row)
            elif error.status in _REFUSALS:
                await self._refused(row, error.status.name)
            else:
                self._down |= error.status not in _OF_ONE_RUN
                await self._try_again(row, error.status.name)
        except RuntimeError as error:
            # A client that has never reached its server says so by a plain RuntimeError.
            self._down = True
            await self._try_again(row, str(error)[:200])
        else:
            await self._pool.execute(_DELIVERED, row["id"])

    async def _signal(self, target: str, event: Any) -> None:
        handle = self._client.get_workflow_handle(target)
        await handle.signal(SIGNAL, event, rpc_timeout=_SIGNAL_TIMEOUT)

    async def _signal_late(self, row: asyncpg.Record) -> None:
        payment_id = row["payment_id"]
        await self._client.start_workflow(
            LATE_EVENT,
            payment_id,
            id=late_workflow_id(payment_id),
            task_queue=self._queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal=SIGNAL,
            start_signal_args=[row["event"]],
            task_timeout=_TASK_TIMEOUT,
            rpc_timeout=_SIGNAL_TIMEOUT,
            static_summary=f"Late facts about {payment_id}",
        )

    async def _no_run(self, row: asyncpg.Record) -> None:
        """Closed runs take no signals; one that is not there yet is about to be started."""
        if await self._pool.fetchval(_RUN_IS_OVER, row["payment_id"]):
            await self._tell(None, row)
            return
        await self._pool.execute(_LATER, row["id"])
        await self._escalate_if_overdue(row)

    async def _refused(self, row: asyncpg.Record, why: str) -> None:
        """By the run itself, or by a bug on the way: after some tries it is a person's."""
        tries = await self._pool.fetchval(_REFUSED, row["id"])
        log.error("inbox_refused", psp=row["psp"], event_id=row["event_id"], why=why, tries=tries)
        if tries >= self._limits.refusals:
            await cases.undeliverable(self._pool, row, why)
            await self._park(row, "undeliverable")

    async def _try_again(self, row: asyncpg.Record, why: str) -> None:
        """It passes, however long it takes: no event is given up for it."""
        await self._pool.execute(_SOON, row["id"])
        log.warning("inbox_delivery_failed", id=row["id"], error=why)

    async def _escalate_if_overdue(self, row: asyncpg.Record) -> None:
        """It goes on waiting all the same."""
        if row["overdue"]:
            await cases.waits(self._pool, row)
            await self._pool.execute(_ESCALATED, row["id"])
            log.warning("inbox_escalated", psp=row["psp"], event_id=row["event_id"])

    async def _park(self, row: asyncpg.Record, why: str) -> None:
        await self._pool.execute(_PARKED, row["id"], why)
        log.info("inbox_parked", psp=row["psp"], event_id=row["event_id"], why=why)
