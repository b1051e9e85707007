"""Webhooks that were heard, for operators: listed, read with nothing secret, delivered again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, Field

from activities.inbox.heard import HeardEvent, HeardListing, State
from api.http.amounts import AmountOut
from api.http.bodies import Body
from api.http.endpoint import Endpoint
from api.http.errors import FieldError, invalid, not_found
from api.http.fields import PaymentId, PspName, Reason
from api.http.idempotency import Reply, once
from api.http.listing import Limit, Page, number_of, numbered, shown
from api.http.named import Named
from api.http.openapi import reads, writes
from api.operations.parts import DeskRead, OperatorWrite, Read, Write
from workflows.domain.card_data import has_card_data
from workflows.domain.psp import Operation

router = APIRouter(prefix="/v1/webhooks/events", tags=["Operations"], route_class=Endpoint)

WebhookState = Annotated[State, Named("WebhookState")]

_HIDDEN = "(hidden)"


class HeardView(BaseModel):
    """What a PSP told, in our words. Of its own text only ids and codes are shown, never a proof of
    authentication, an address or what looks like a card number, an account or a mail address."""

    id: int
    psp: str
    event_id: str = Field(description="the PSP's own")
    type: str = Field(description="the PSP's own word")
    payment_id: str = Field(description="as the event names it, whether we know it or not")
    brand_id: str | None = Field(description="null: it is about no payment that we know")
    key: str = Field(description="the instruction that it is about")
    operation: Operation
    outcome: Literal["approved", "declined", "pending", "ready"]
    reason: str | None
    code: str | None
    psp_ref: str | None
    about: list[str] = Field(description="the PSP's ids of what it is about")
    unasked: bool = Field(description="somebody else did it at the PSP: nothing of ours asked")
    amount: AmountOut
    merchant_account: str | None
    occurred_at: str | None
    received_at: datetime
    state: WebhookState
    parked: str | None = Field(description="why no run took it")
    attempts: int
    refusals: int = Field(description="how often its run would not take it")
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    escalated_at: datetime | None = Field(description="since when a case says that it waits")


class RedeliveryView(BaseModel):
    by: str
    reason: str
    was: str = Field(description="delivered, waiting, or why it was parked")
    at: datetime


class HeardWithRedeliveries(HeardView):
    redeliveries: list[RedeliveryView]


class Redeliver(Body, example={"reason": "the run was mended"}):
    reason: Reason


HeardId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@dataclass(frozen=True)
class HeardFilters:
    """Every filter narrows; without any the newest come."""

    psp: Annotated[PspName | None, Query()] = None
    payment_id: Annotated[PaymentId | None, Query()] = None
    event_id: Annotated[str | None, Query(max_length=255, description="the PSP's own")] = None
    state: Annotated[WebhookState | None, Query()] = None
    cursor: Annotated[str | None, Query(max_length=64, description="next_cursor")] = None
    limit: Limit = 50


@router.get(
    "",
    summary="Webhooks that were heard, the newest first",
    responses=reads(Page[HeardView]),
)
async def listed(ask: DeskRead, filters: Annotated[HeardFilters, Depends()]) -> Response:
    """What is about no payment that we know is seen with a credential for all brands alone."""
    rows = await ask.parts.inbox_desk.list(_listing(ask, filters))
    return shown(numbered(rows, filters.limit, lambda row: HeardView(**_view(row))))


@router.get(
    "/{heard_id}",
    summary="Look at a webhook that was heard, and who had it delivered again",
    responses=reads(HeardWithRedeliveries),
)
async def one(ask: DeskRead, heard_id: HeardId) -> Response:
    return shown(await _whole(ask, heard_id))


@router.post(
    "/{heard_id}/redeliver",
    status_code=202,
    summary="Deliver a webhook to its run again, a parked one too",
    responses=writes(HeardWithRedeliveries, 202),
)
async def redeliver(ask: OperatorWrite, heard_id: HeardId, body: Redeliver) -> Response:
    """Money is safe: a run takes an event once, and decides by its own state. Who asked and why is
    kept for good."""
    heard = await _the_event(ask, heard_id)
    by = ask.caller.person
    claim = ask.claim(heard.brand or "", str(heard.id), body.model_dump() | {"by": by})

    async def act(_: str, __: bool) -> Reply:
        key = hashlib.sha256(ask.key.encode()).hexdigest()
        await ask.parts.inbox_desk.redeliver(heard.id, key=key, by=by, reason=body.reason)
        return Reply(202, await _whole(ask, heard_id))

    return await once(ask, claim, act)


def _listing(ask: Read, filters: HeardFilters) -> HeardListing:
    """Raises Problem `invalid-request`."""
    if filters.event_id is not None and "\x00" in filters.event_id:
        raise invalid(FieldError("event_id", "must not have a NUL character"))
    return HeardListing(
        brands=ask.caller.brands,
        psp=filters.psp,
        payment_id=filters.payment_id,
        event_id=filters.event_id,
        state=filters.state,
        before=number_of(filters.cursor),
        limit=filters.limit + 1,
    )


async def _the_event(ask: Read | Write, heard_id: int) -> HeardEvent:
    row = await ask.parts.inbox_desk.one(heard_id, ask.caller.brands)
    if row is None:
        raise not_found("webhook")
    return row


async def _whole(ask: Read | Write, heard_id: int) -> HeardWithRedeliveries:
    row = await _the_event(ask, heard_id)
    again = [
        RedeliveryView.model_validate(each, from_attributes=True)
        for each in await ask.parts.inbox_desk.redeliveries(row.id)
    ]
    return HeardWithRedeliveries(**_view(row), redeliveries=again)


def _view(row: HeardEvent) -> dict[str, Any]:
    event, reply = row.event, row.event["reply"]
    return {
        "id": row.id,
        "psp": row.psp,
        "event_id": _masked(row.event_id),
        "type": _masked(event["raw_type"]),
        "payment_id": _masked(row.payment_id),
        "brand_id": row.brand,
        "key": _masked(event["key"]),
        "operation": event["operation"],
        "outcome": reply["kind"],
        "reason": _masked(reply.get("reason")),
        "code": _masked(reply.get("code")),
        "psp_ref": _masked(reply.get("psp_ref")),
        "about": [_masked(name) for name in event.get("about") or ()],
        "unasked": event.get("unasked", False),
        "amount": AmountOut.of_minor(event["amount"]["minor_units"], event["amount"]["currency"]),
        "merchant_account": _masked(event.get("account")),
        "occurred_at": event["occurred_at"] or None,
        "received_at": row.received_at,
        "state": row.state,
        "parked": row.parked,
        "attempts": row.attempts,
        "refusals": row.refusals,
        "next_attempt_at": row.next_at if row.state == State.WAITING else None,
        "delivered_at": row.delivered_at,
        "escalated_at": row.escalated_at,
    }


def _masked(text: str | None) -> str | None:
    """The PSP's text, unless it may be about a person."""
    if text is None:
        return None
    return _HIDDEN if "@" in text or has_card_data(text) else text
