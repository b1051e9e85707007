"""Delivering webhooks: signed, retried with growing pauses until a 2xx."""

from __future__ import annotations

import asyncio
import logging
import time

import httpx

from infra.sandbox_psp.modes import CurrentModes
from infra.sandbox_psp.outbox import Outbox, Waiting
from infra.sandbox_psp.signing import Signer

_AT_ONCE = 16
_ANSWER_SECONDS = 10.0
log = logging.getLogger("sandbox_psp")


class Delivery:
    def __init__(self, url: str, signer: Signer, modes: CurrentModes, outbox: Outbox) -> None:
        self._url, self._signer, self._modes, self._outbox = url, signer, modes, outbox
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._accepted = True

    async def run(self) -> None:
        """Runs until it is cancelled."""
        limits = httpx.Limits(max_connections=_AT_ONCE)
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
        if self._outbox.paused:
            return None
        for event in self._outbox.next(2 * _AT_ONCE):
            if event.id in self._under_way:
                continue
            if event.due_at > time.time():
                return event.due_at - time.time()
            if len(self._under_way) == _AT_ONCE:
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

    async def _deliver(self, client: httpx.AsyncClient, event: Waiting) -> None:
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

    async def _post(self, client: httpx.AsyncClient, event: Waiting) -> tuple[bool, str]:
        form = self._modes.now.signing
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "sandbox-psp/1",
            **self._signer.headers(form, event.id, event.body, int(time.time())),
        }
        try:
            response = await client.post(self._url, content=event.body, headers=headers)
        except httpx.HTTPError as failure:
            return False, type(failure).__name__
        return response.is_success, str(response.status_code)

    def _say(self, accepted: bool, answer: str) -> None:
        """Only when it changes: a receiver that is down would fill the log."""
        if accepted != self._accepted:
            self._accepted = accepted
            log.warning("webhooks are %saccepted: %s", "" if accepted else "not ", answer)
