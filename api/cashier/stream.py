"""Server-sent events of an intent: every version, as soon as it is in the registry."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from activities.registry.tables import PaymentEventRow, PaymentRow
from api.cashier.parts import AnyRead, Read
from api.http.amounts import AmountOut
from api.http.errors import FieldError, invalid
from api.http.fields import IntentId
from api.http.openapi import streams
from api.http.outages import problem_of
from api.http.outcomes import Decline
from api.http.owned import owned
from api.http.payment_views import IntentStatus
from api.http.shares import give_back
from workflows.domain.identity import Kind
from workflows.domain.published import decline_of, labels_of, money_of

router = APIRouter(prefix="/v1/cashier/intents", tags=["Deposits"])

KEEP_ALIVE_SECONDS = 15
SEND_SECONDS = 10
"""A reader that takes nothing for so long is gone."""


class IntentEvent(BaseModel):
    """One version of an intent, as the event stream gives it."""

    intent_id: str
    version: int
    status: IntentStatus
    final: bool
    redirect_url: str | None
    capture_id: str | None
    captured: AmountOut | None
    decline: Decline | None
    reference: str | None
    metadata: dict[str, str]
    at: datetime


@router.get(
    "/{intent_id}/events",
    summary="Watch an intent (server-sent events)",
    description="One event for each version; `Last-Event-ID` resumes after that version. The "
    "stream ends after the final version, and may end earlier: then resume. It ends with its "
    "credential. Each brand has a share of streams; beyond it 429 tells when to try again.",
    responses=streams(IntentEvent),
    response_class=EventSourceResponse,
)
async def watch(
    ask: AnyRead,
    intent_id: IntentId,
    last_event_id: Annotated[
        str | None,
        Header(description="the last version seen", json_schema_extra={"pattern": "^[0-9]{0,9}$"}),
    ] = None,
) -> Response:
    row = await owned(ask, intent_id, Kind.DEPOSIT, "intent")
    after = _version(last_event_id, row)
    if row.final and after == row.version:
        # By which a browser knows that it need not come back.
        return Response(status_code=204)
    return _Stream(ask, row, after)


class _Stream(EventSourceResponse):
    """A stream that has one of its brand's seats, for as long as it lasts."""

    def __init__(self, ask: Read, payment: PaymentRow, after: int) -> None:
        super().__init__(
            _versions(ask, payment, after), ping=KEEP_ALIVE_SECONDS, send_timeout=SEND_SECONDS
        )
        self._seats = ask.parts.streams.seats
        self._brand = payment.brand

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises Problem `share-used-up` or `busy`."""
        # The database is asked now and then, which is no turn of a request's.
        give_back(scope["state"])
        with self._seats.taken(self._brand):
            await super().__call__(scope, receive, send)


async def _versions(ask: Read, payment: PaymentRow, after: int) -> AsyncIterator[ServerSentEvent]:
    with ask.parts.streams.watching(payment.id, after, ask.caller.credential.prefix) as watch:
        while not watch.ended:
            try:
                rows = await ask.parts.registry.events(payment.id, watch.seen)
            except Exception as error:
                if problem_of(error) is None:
                    raise
                # The reader comes back with the last version it saw.
                return
            for row in rows:
                view = _view(row, payment)
                watch.seen = row.version
                yield ServerSentEvent(view.model_dump_json(), event="version", id=str(row.version))
                if row.final:
                    return
            await watch.news()


def _version(given: str | None, payment: PaymentRow) -> int:
    """Raises Problem `invalid-request`: behind a version that there is not nothing ever comes."""
    if not given:
        return 0
    plain = given.isascii() and given.isdecimal() and len(given) <= 9
    if not plain or int(given) > payment.version:
        raise invalid(FieldError("Last-Event-ID", "must be the id of an event of this stream"))
    return int(given)


def _view(row: PaymentEventRow, payment: PaymentRow) -> IntentEvent:
    facts = row.facts
    return IntentEvent.model_validate(
        {
            "intent_id": row.payment_id,
            "version": row.version,
            "status": row.status,
            "final": row.final,
            "redirect_url": facts.get("redirect_url"),
            "capture_id": facts.get("capture_id"),
            "captured": money_of(facts.get("captured")),
            "decline": decline_of(facts),
            **labels_of(payment.details),
            "at": row.at,
        }
    )
