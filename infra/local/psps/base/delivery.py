"""Delivering webhooks: signed, retried with growing pauses until accepted."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

import httpx

from infra.local.psps.base.outbox import Event, Outbox

_ANSWER_SECONDS = 10.0
Sign = Callable[[Event], Mapping[str, str]]
Accepts = Callable[[httpx.Response], bool]
log = logging.getLogger("fake_psp")


class Delivery:
    def __init__(
        self, url: str, outbox: Outbox, sign: Sign, accepts: Accepts, at_once: int
    ) -> None:
        """Of the events of an outbox `at_once` may be under way; with one they stay in line."""
        self._url, self._outbox, self._at_once = url, outbox, at_once
        self._sign, self._accepts = sign, accepts
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._accepted = True

    async def run(self) -> None:
        """Runs until it is cancelled."""
        limits = httpx.Limits(max_connections=self._at_once)
        async with httpx.AsyncClient(
            trust_env=False, timeout=_ANSWER_SECONDS, limits=limits
        ) as client:
            try:
                while True:
                    self._outbox.bell.clear()
                    await self._rest(self._start(client))
            finally:
                for task in self._under_way.values():
                    task.cancel()
                await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _start(self, client: httpx.AsyncClient) -> float | None:
        """Send what is due; returns seconds until the next is, None if only the bell can tell."""
        for event in self._outbox.next(2 * self._at_once):
            if event.id in self._under_way:
                continue
            pause = (event.due_at or 0.0) - time.time()
            if pause > 0:
                return pause
            if len(self._under_way) == self._at_once:
                return None
            task = asyncio.create_task(self._deliver(client, event))
            self._under_way[event.id] = task
        return None

    async def _rest(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._outbox.bell.wait()
        except TimeoutError:
            return

    async def _deliver(self, client: httpx.AsyncClient, event: Event) -> None:
        try:
            accepted, answer = await self._post(client, event)
            if accepted:
                self._outbox.delivered(event, answer)
            else:
                self._outbox.refused(event, answer)
            self._say(accepted, answer)
        finally:
            del self._under_way[event.id]
            self._outbox.bell.set()

    async def _post(self, client: httpx.AsyncClient, event: Event) -> tuple[bool, str]:
        headers = {"Content-Type": "application/json", **self._sign(event)}
        try:
            response = await client.post(self._url, content=event.body, headers=headers)
        except httpx.HTTPError as failure:
            return False, type(failure).__name__
        return self._accepts(response), str(response.status_code)

    def _say(self, accepted: bool, answer: str) -> None:
        """Only when it changes: a receiver that is down would fill the log."""
        if accepted != self._accepted:
            self._accepted = accepted
            log.warning("webhooks are %saccepted: %s", "" if accepted else "not ", answer)
