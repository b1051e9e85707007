"""What the base gives to a lookalike, and what a lookalike gives to the base."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx
from starlette.responses import Response
from starlette.routing import Route

from infra.lookalikes.delivery import Accepts, Sign
from infra.lookalikes.idempotency import Answers
from infra.lookalikes.journal import Journal
from infra.lookalikes.outbox import Outbox
from infra.lookalikes.stage import Credentials


class Later:
    """What happens by itself after a while; nothing of it outlives the process."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.TimerHandle] = set()

    def do(self, seconds: float, what: Callable[[], None]) -> None:
        def happen() -> None:
            self._waiting.discard(handle)
            what()

        handle = asyncio.get_running_loop().call_later(seconds, happen)
        self._waiting.add(handle)

    def close(self) -> None:
        for handle in self._waiting:
            handle.cancel()
        self._waiting.clear()


@dataclass(frozen=True)
class Ground:
    url: str
    """Where callers and browsers find this lookalike."""
    credentials: Credentials
    journal: Journal = field(default_factory=Journal)
    outbox: Outbox = field(default_factory=Outbox)
    answers: Answers = field(default_factory=Answers)
    later: Later = field(default_factory=Later)


class Refused(Exception):
    """Raise it anywhere in an endpoint: the caller gets this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def _is_success(response: httpx.Response) -> bool:
    return response.is_success


@dataclass(frozen=True)
class Dialect:
    """One PSP's words."""

    routes: Sequence[Route]
    answer: Callable[[int], Response]
    """Its own error for a status that says nothing about the request: 404, 405, 409, 429, 5xx."""
    sign: Sign
    """The headers of a webhook at the moment it is sent; Content-Type is JSON if not among them."""
    accepts: Accepts = _is_success
    """Whether the receiver's answer ends the delivery."""
