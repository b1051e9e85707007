"""Delivering webhooks: signed, one at a time, retried with growing pauses until accepted."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

import httpx

from infra.lookalikes.outbox import Event, Outbox

_ANSWER_SECONDS = 10.0
Sign = Callable[[Event], Mapping[str, str]]
Accepts = Callable[[httpx.Response], bool]
log = logging.getLogger("lookalike")


class Delivery:
    def __init__(self, url: str, outbox: Outbox, sign: Sign, accepts: Accepts) -> None:
        self._url, self._outbox, self._sign, self._accepts = url, outbox, sign, accepts
        self._accepted = True

    async def run(self) -> None:
        """Runs until it is cancelled."""
        async with httpx.AsyncClient(trust_env=False, timeout=_ANSWER_SECONDS) as client:
            while True:
                self._outbox.bell.clear()
                event = self._outbox.next()
                pause = None if event is None else (event.due_at or 0.0) - time.time()
                if event is not None and pause is not None and pause <= 0:
                    await self._deliver(client, event)
                else:
                    await self._rest(pause)

    async def _rest(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._outbox.bell.wait()
        except TimeoutError:
            return

    async def _deliver(self, client: httpx.AsyncClient, event: Event) -> None:
        headers = {"Content-Type": "application/json", **self._sign(event)}
        try:
            response = await client.post(self._url, content=event.body, headers=headers)
            accepted, answer = self._accepts(response), str(response.status_code)
        except httpx.HTTPError as failure:
            accepted, answer = False, type(failure).__name__
        if accepted:
            self._outbox.delivered(event, answer)
        else:
            self._outbox.refused(event, answer)
        # Only when it changes: a receiver that is down would fill the log.
        if accepted != self._accepted:
            self._accepted = accepted
            log.warning("webhooks are %saccepted: %s", "" if accepted else "not ", answer)
