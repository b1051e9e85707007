"""Server-sent events of an intent: every version, as soon as it is in the registry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from api import views
from api.commands import owned
from api.dependencies import AnyRead, Parts
from api.errors import FieldError, Problem, invalid
from api.openapi import reads
from api.outages import problem_of
from api.words import IntentId

router = APIRouter(prefix="/v1/cashier/intents", tags=["Deposits"])

MAX_STREAMS = 200
POLL_SECONDS = 0.25
SLOW_POLL_SECONDS = 1.0
QUICK_POLLS = 240
"""A minute of quick looks; whoever waits longer waits for a person or a bank."""
KEEP_ALIVE_SECONDS = 15
SEND_SECONDS = 10
"""A reader that takes nothing for so long is gone."""


@router.get(
    "/{intent_id}/events",
    summary="Watch an intent (server-sent events)",
    description="One event for each version; `Last-Event-ID` resumes after that version. The "
    "stream ends after the final version, and may end earlier: then resume.",
    responses=reads(views.IntentEvent),
)
async def watch(
    ask: AnyRead,
    intent_id: IntentId,
    last_event_id: Annotated[str | None, Header(description="the last version seen")] = None,
) -> Response:
    row = await owned(ask, intent_id, "in_", "intent")
    versions = _versions(ask.parts, row.id, _version(last_event_id))
    return _Stream(ask.parts, versions)


class _Stream(EventSourceResponse):
    """A stream that has one of the places there are, for as long as it lasts."""

    def __init__(self, parts: Parts, versions: AsyncIterator[ServerSentEvent]) -> None:
        if len(parts.streams) >= MAX_STREAMS:
            raise Problem(
                503,
                "too-many-streams",
                "Too many streams are open",
                "poll the intent instead, or try again",
                headers={"Retry-After": "5"},
            )
        super().__init__(versions, ping=KEEP_ALIVE_SECONDS, send_timeout=SEND_SECONDS)
        self._streams = parts.streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._streams.add(self)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.discard(self)


async def _versions(parts: Parts, intent_id: str, after: int) -> AsyncIterator[ServerSentEvent]:
    polls = 0
    while True:
        try:
            rows = await parts.registry.events(intent_id, after)
        except Exception as error:
            if problem_of(error) is None:
                raise
            # The reader comes back with the last version it saw.
            return
        for row in rows:
            view = views.event(row)
            after = row.version
            yield ServerSentEvent(view.model_dump_json(), event="version", id=str(after))
            if row.final:
                return
        polls += 1
        await asyncio.sleep(POLL_SECONDS if polls < QUICK_POLLS else SLOW_POLL_SECONDS)


def _version(given: str | None) -> int:
    if not given:
        return 0
    if not (given.isascii() and given.isdecimal() and len(given) <= 9):
        raise invalid(FieldError("Last-Event-ID", "must be the id of an event of this stream"))
    return int(given)
