"""Delivering stored events to their runs as signals, until each is delivered or parked.

Whoever dies between any two steps loses nothing: a lease runs out, and the run takes an event id
once. Safe to run in every worker. An event whose payment is unknown waits: it costs a look into
the registry at growing pauses, and never holds up an event that is fresh.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import timedelta

import asyncpg
import structlog
from temporalio.service import RPCError, RPCStatusCode

from activities.inbox import cases
from activities.inbox.inbox import Inbox
from activities.inbox.news import Books, News
from activities.inbox.queue import Lease, Queue
from activities.inbox.signals import Signals
from infra.notifications import Notifications
from infra.postgres import OUTAGES
from infra.settings import Inbox as Limits
from infra.settings import Postgres
from workflows.domain.identity import workflow_of

CHANNEL = "inbox_events"
"""Notified of by commits after which something is due."""
IDLE_SECONDS = 0.5
"""Between looks while notifications come: so much a lost one costs at most."""
_DEAF_SECONDS = 0.1
_GATHERING_SECONDS = 0.005
"""Between looks while they come one upon the other."""
_OUTAGE_SECONDS = 1.0
_FORGET_SECONDS = 60.0

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
    def __init__(
        self,
        pool: asyncpg.Pool,
        signals: Signals,
        limits: Limits | None = None,
        at: Postgres | None = None,
        books: Books | None = None,
    ) -> None:
        """With `at` it listens there for what wakes it; without, it looks ten times a second. With
        `books` a fact that only repeats what they have needs no run."""
        self._news = News(books)
        self._pool = pool
        self._signals = signals
        self._limits = limits or Limits()
        self._events = Queue(pool, timedelta(hours=self._limits.unknown_hours))
        self._under_way: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._notifications = Notifications(at, CHANNEL, self._wake, self._wake) if at else None
        self._forgot_at = float("-inf")
        self._looked_at = float("-inf")
        self._down = False

    async def run(self) -> None:
        """Relay for ever; an outage of Postgres or Temporal is waited out.

        New events are taken as deliveries end, so that a slow one holds up nobody.
        """
        listening = [self._notifications.run()] if self._notifications else []
        hearing = [asyncio.create_task(each) for each in listening]
        try:
            while True:
                await self._room()
                due = await self._due()
                for row in filter(_is_to_be_done, due):
                    task = asyncio.create_task(self._delivering(row))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
                if due.is_all:
                    await self._until_woken()
        finally:
            for task in (*self._under_way, *hearing):
                task.cancel()

    def _wake(self, _: str = "") -> None:
        self._woken.set()

    async def _until_woken(self) -> None:
        """For a moment at most; nobody is woken as long as nothing is heard."""
        hears = self._notifications is not None and self._notifications.listening
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS if hears else _DEAF_SECONDS):
                await self._woken.wait()
        await asyncio.sleep(max(0.0, self._looked_at + _GATHERING_SECONDS - time.monotonic()))

    async def sweep(self) -> int:
        """Try to deliver what is due, once; give how many events were tried."""
        due = await self._events.lease(self._limits.deliveries)
        await asyncio.gather(*(self._deliver(row) for row in due))
        return len(due)

    async def _room(self) -> None:
        """Until some deliveries are over; while Temporal is away, for a moment too."""
        if self._down:
            self._down = False
            await asyncio.sleep(_OUTAGE_SECONDS)
        while len(self._under_way) > self._limits.deliveries * 7 // 8:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def _due(self) -> Lease:
        # Whoever is stored from here on wakes again.
        self._woken.clear()
        self._looked_at = time.monotonic()
        try:
            if self._looked_at - self._forgot_at > _FORGET_SECONDS:
                await Inbox(self._pool).forget_nonces()
                await Inbox(self._pool).forget_sendings()
                self._forgot_at = self._looked_at
            return await self._events.lease(max(1, self._limits.deliveries - len(self._under_way)))
        except OUTAGES as down:
            log.warning("inbox_unreachable", error=type(down).__name__)
            self._down = True
            return Lease()

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
        if target is None and await self._is_found_by_its_ids(row):
            return
        if target is None:
            await cases.not_ours(self._pool, row)
            await self._park(row, "not_ours")
        elif row["is_early"]:
            await self._events.soon(row)
        elif row["known"]:
            await self._tell(target, row)
        else:
            await self._escalate_if_overdue(row)

    async def _is_found_by_its_ids(self, row: asyncpg.Record) -> bool:
        """A fact that nobody here asked for may know the PSP's own ids alone: the payment that has
        one of them is told. True as well as long as there is none, which may come."""
        event = row["event"]
        if row["payment_id"] or not event.get("unasked"):
            return False
        ids = event.get("about") or []
        found = await self._events.found(row, ids)
        if found is None:
            await self._escalate_if_overdue(row)
        else:
            most = (self._limits.events_per_payment, self._limits.events_beyond)
            why = await self._events.admit(row, found, *most)
            log.info("inbox_found", psp=row["psp"], payment_id=found, parked=why)
        return True

    async def _tell(self, target: str | None, row: asyncpg.Record) -> None:
        """Signal the payment's run; without a target, the run that sees to late facts."""
        try:
            if target is None:
                await self._signals.signal_late(row)
            else:
                await self._signals.signal(target, row)
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
            await self._events.delivered(row)

    async def _no_run(self, row: asyncpg.Record) -> None:
        """Closed runs take no signals; one that has not begun begins with this fact."""
        if await self._events.run_is_over(row["payment_id"]):
            why = await self._news.is_none(row)
            if why is None:
                await self._tell(None, row)
            else:
                log.info("inbox_no_news", psp=row["psp"], event_id=row["event_id"], why=why)
                await self._events.delivered(row)
            return
        if await self._begins(row):
            await self._events.delivered(row)
            return
        await self._events.later(row)
        await self._escalate_if_overdue(row)

    async def _begins(self, row: asyncpg.Record) -> bool:
        """False as well for a payment whose run is about to be started, or lost."""
        try:
            return await self._signals.signal_first(row)
        except (RPCError, RuntimeError) as error:
            log.warning("inbox_run_not_begun", id=row["id"], error=str(error)[:200])
            return False

    async def _refused(self, row: asyncpg.Record, why: str) -> None:
        """By the run itself, or by a bug on the way: after some tries it is a person's."""
        tries = await self._events.refused(row)
        log.error("inbox_refused", psp=row["psp"], event_id=row["event_id"], why=why, tries=tries)
        if tries >= self._limits.refusals:
            await cases.undeliverable(self._pool, row, why)
            await self._park(row, "undeliverable")

    async def _try_again(self, row: asyncpg.Record, why: str) -> None:
        """It passes, however long it takes: no event is given up for it."""
        await self._events.soon(row)
        log.warning("inbox_delivery_failed", id=row["id"], error=why)

    async def _escalate_if_overdue(self, row: asyncpg.Record) -> None:
        """It goes on waiting all the same."""
        if row["overdue"]:
            await cases.waits(self._pool, row)
            await self._events.escalated(row)
            log.warning("inbox_escalated", psp=row["psp"], event_id=row["event_id"])

    async def _park(self, row: asyncpg.Record, why: str) -> None:
        await self._events.parked(row, why)
        log.info("inbox_parked", psp=row["psp"], event_id=row["event_id"], why=why)


def _is_to_be_done(row: asyncpg.Record) -> bool:
    """An event whose payment is not there yet has got its pause with the lease."""
    waits = not row["known"] and not row["overdue"]
    return not waits or workflow_of(row["payment_id"]) is None
