"""Telling the platform: what is due is leased, sent, and marked; safe to run in every worker.

No payment waits for it: a version's row is written with the version, and read from here. An event
is told at least once. Who dies between sending and marking sends it again under the same id.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import asyncpg
import structlog

from activities.outgoing_events.event import Event, event_of
from activities.outgoing_events.post import Answer, Post
from activities.outgoing_events.queue import LEASE_SECONDS, Queue
from activities.outgoing_events.receivers import Receiver, Receivers
from activities.outgoing_events.tables import State
from infra.pauses import Pause
from infra.postgres import OUTAGES

_BUSY_SECONDS, _IDLE_SECONDS = 0.1, 1.0
"""Between two looks: while versions are written, and while nothing happens."""
_GATHER_SECONDS = 0.01
"""Deliveries that end together are followed up together."""

log = structlog.get_logger("paysaga.outgoing_events")


class Dispatcher:
    def __init__(self, pool: asyncpg.Pool, receivers: Receivers, post: Post | None = None) -> None:
        self._queue = Queue(pool)
        self._receivers = receivers
        self._post = post or Post()
        self._bell = asyncio.Event()
        """Rung when a delivery has ended, so that the payment's next one need not wait."""
        self._looked_at = float("-inf")
        self._wakes: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """A version was written: look at once, or soon where that was just done. Nothing depends on
        it; who writes elsewhere is found a moment later."""
        if self._wakes is None:
            at = max(_now(), self._looked_at + _BUSY_SECONDS)
            self._wakes = asyncio.get_running_loop().call_at(at, self._woken)

    async def run(self) -> None:
        """For ever; an outage of Postgres is waited out. Cancelled, it leaves leases behind."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._post.aclose)
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            pause = Pause(_BUSY_SECONDS, _IDLE_SECONDS)
            while True:
                self._bell.clear()
                self._looked_at = _now()
                try:
                    started = await self.sweep(tasks)
                except OUTAGES as down:
                    log.warning("outgoing_events_unreachable", error=type(down).__name__)
                    await asyncio.sleep(_BUSY_SECONDS)
                    continue
                seconds = pause.after(found=started > 0)
                if not started:
                    await self._rest(seconds)

    async def sweep(self, tasks: asyncio.TaskGroup) -> int:
        """Start telling what is due and has a slot; give how many events that is."""
        started = 0
        for brand in await self._queue.due_brands():
            receiver = self._receivers.of(brand)
            if receiver is None:
                await self._queue.keep(brand)
                continue
            now = _now()
            free = receiver.circuit.free(now)
            if free <= 0:
                continue
            for leased in await self._queue.lease(brand, free):
                receiver.circuit.began()
                tasks.create_task(self._deliver(receiver, leased, now))
                started += 1
        return started

    def _woken(self) -> None:
        self._wakes = None
        self._bell.set()

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        except TimeoutError:
            return
        await asyncio.sleep(_GATHER_SECONDS)

    async def _deliver(self, receiver: Receiver, leased: asyncpg.Record, leased_at: float) -> None:
        try:
            event = event_of(dict(leased))
            if _now() - leased_at > LEASE_SECONDS / 2:
                # This process stood still: another may be sending it, or the one after it.
                return
            answer = await self._send(receiver, event)
            receiver.circuit.heard(alive=answer.alive, now=_now())
            await self._mark(leased, answer)
        except (KeyError, TypeError, ValueError) as bug:
            # One row that cannot be told must not end the process that tells all others.
            log.error("outgoing_event_unreadable", payment_id=leased["payment_id"], error=repr(bug))
            await self._mark(leased, Answer("unreadable", delivered=False, alive=True))
        finally:
            receiver.circuit.ended()
            self._bell.set()

    async def _send(self, receiver: Receiver, event: Event) -> Answer:
        return await self._post.send(receiver, event)

    async def _mark(self, leased: asyncpg.Record, answer: Answer) -> None:
        """What an outage leaves unmarked is sent again when its lease has run out."""
        place = {"payment_id": leased["payment_id"], "sequence": leased["sequence"]}
        try:
            if answer.delivered:
                await self._queue.delivered(leased, answer.result)
                return
            state = await self._queue.failed(leased, answer.result)
        except OUTAGES as down:
            log.warning("outgoing_event_unmarked", error=type(down).__name__, **place)
            return
        say = log.error if state == State.GAVE_UP else log.warning
        say("outgoing_event_not_delivered", result=answer.result, state=state, **place)


def _now() -> float:
    return asyncio.get_running_loop().time()
