"""What the base gives to a fake PSP, and what a fake PSP gives to the base."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from infra.local.psps.base.delivery import Accepts, Sign
from infra.local.psps.base.disorder import DisorderedEvents
from infra.local.psps.base.faults import Faults
from infra.local.psps.base.idempotency import Answers
from infra.local.psps.base.journal import Journal
from infra.local.psps.base.memory import AnswersInMemory, EntriesInMemory
from infra.local.psps.base.orders import Manners
from infra.local.psps.base.outbox import Outbox
from infra.local.psps.base.profile import Credentials


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
class Context:
    url: str
    """Where callers and browsers find this PSP."""
    credentials: Credentials
    journal: Journal
    outbox: Outbox
    answers: Answers
    disorder: DisorderedEvents | None = None
    """The events of the outbox, where disorder may be ordered of them."""
    later: Later = field(default_factory=Later)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process ends: nobody waits on purpose any more."""


def in_memory(url: str, credentials: Credentials) -> Context:
    events = DisorderedEvents()
    return Context(
        url,
        credentials,
        journal=Journal(EntriesInMemory()),
        outbox=Outbox(events, first_pause=0.25, longest_pause=10.0),
        answers=Answers(AnswersInMemory()),
        disorder=events,
    )


def _is_success(response: httpx.Response) -> bool:
    return response.is_success


def _nothing() -> None:
    return


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
    at_once: int = 1
    """How many webhooks may be under way."""
    no_such_call: Callable[[HTTPException], Response] | None = None
    """In place of `answer`, where that says more."""
    faults: Faults[Any] | None = None
    """Those that it meets by itself; None: they are on the wire, in front of it."""
    manners: Manners = field(default_factory=Manners)
    """Of its control."""
    loops: Sequence[Callable[[], Awaitable[None]]] = ()
    """What it does unasked, as long as it runs."""
    passing: tuple[type[Exception], ...] = ()
    """The failures after which a loop begins anew."""
    check: Callable[[], object] = _nothing
    """Raises where it is not healthy."""
    close: Callable[[], None] = _nothing
