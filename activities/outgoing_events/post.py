"""One HTTP exchange with a receiver: its status counts, its words do not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import orjson

from activities.outgoing_events.event import Event
from activities.outgoing_events.receivers import Receiver

ANSWER_SECONDS = 10.0
_HEARD_BYTES = 16_384


@dataclass(frozen=True)
class Answer:
    result: str
    """`HTTP 204`, or what went wrong. Never an address, never the receiver's text."""
    delivered: bool
    alive: bool
    """False: it did not answer, or said that it is in trouble."""


class Post:
    """Connections are kept open. Only the given addresses are spoken to: no redirect, no proxy."""

    def __init__(self, seconds: float = ANSWER_SECONDS) -> None:
        self._seconds = seconds
        self._client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=seconds,
            # What may be under way is bounded for each receiver by its circuit. A bound for all
            # would let the dead ones keep the others waiting.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=100),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def send(self, receiver: Receiver, event: Event) -> Answer:
        body = orjson.dumps(event)
        headers = receiver.headers(event.id, body.decode())
        status: int | None = None
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._client.stream(
                    "POST", receiver.url, content=body, headers=headers
                ) as response,
            ):
                status = response.status_code
                await _read_a_little(response)
        except (TimeoutError, OSError, httpx.HTTPError) as failure:
            if status is None:
                return Answer(type(failure).__name__, delivered=False, alive=False)
        return Answer(
            f"HTTP {status}",
            delivered=200 <= status < 300,
            alive=status < 500 and status not in (408, 429),
        )


async def _read_a_little(response: httpx.Response) -> None:
    """A short answer read to its end leaves the connection fit for the next event."""
    read = 0
    async for chunk in response.aiter_raw():
        read += len(chunk)
        if read > _HEARD_BYTES:
            return
