"""Events of payments: the feed that a platform reads or is sent, and telling them again."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from activities.notices.feed import BadCursor, Told, Wanted
from activities.notices.tables import State
from activities.registry.tables import PaymentRow
from api.bodies import Body, Number, json_body
from api.dependencies import AnyRead, CashierWrite, Write
from api.errors import FieldError, invalid, not_found
from api.idempotency import Reply, once
from api.listing import Page, shown
from api.openapi import reads, takes, writes
from api.words import Moment, PaymentId, Word

router = APIRouter(prefix="/v1", tags=["Events"])

_EVENT = re.compile(r"evt_((?:in|po|re)_[0-9a-f]{32})_([1-9][0-9]{0,8})", re.ASCII)
_PAYMENT = re.compile(r"(?:in|po|re)_[0-9a-f]{32}", re.ASCII)


def _whole(value: Any) -> Any:
    if isinstance(value, Number) and re.fullmatch(r"[1-9][0-9]{0,8}", value.text):
        return int(value.text)
    raise PydanticCustomError("sequence", "a whole number from 1 on")


EventType = Annotated[
    str, Word(r"[a-z]{1,20}\.[a-z_]{1,40}", "a noun and what became of it: deposit.captured")
]
EventId = Annotated[str, Path(description="evt_…")]
AnyPaymentId = Annotated[str, Path(description="in_…, po_… or re_…")]


class Delivery(BaseModel):
    state: State = Field(description="kept: the brand has no receiver")
    attempts: int
    next_attempt_at: datetime | None = Field(description="at the earliest, while it is waiting")
    delivered_at: datetime | None
    last_result: str | None = Field(examples=["HTTP 500"])


class EventView(BaseModel):
    """What the receiver is sent, and how far that has got."""

    id: str = Field(examples=["evt_in_0123456789abcdef0123456789abcdef_4"])
    type: str = Field(examples=["deposit.captured"])
    created_at: datetime
    payment_id: str
    sequence: int = Field(description="1, 2, 3 … of the payment, without gaps")
    data: dict[str, Any] = Field(description="the payment at that version, as its GET shows it")
    delivery: Delivery


class ReplayFrom(Body):
    from_sequence: Annotated[int, BeforeValidator(_whole)] = Field(
        description="this event of the payment, and all after it"
    )


class Nothing(Body):
    """An empty body, or `{}`."""


class ReplayView(BaseModel):
    payment_id: str
    first_sequence: int
    last_sequence: int


@dataclass(frozen=True)
class Filters:
    payment_id: Annotated[PaymentId | None, Query()] = None
    type: Annotated[EventType | None, Query()] = None
    state: Annotated[State | None, Query(description="of the delivery")] = None
    created_from: Annotated[Moment | None, Query(description="at or after")] = None
    created_to: Annotated[Moment | None, Query(description="before")] = None
    cursor: Annotated[str | None, Query(max_length=256, description="next_cursor of a page")] = None
    limit: Annotated[int, Query(ge=1, le=200)] = 50


@router.get(
    "/events",
    summary="Follow the events, oldest first",
    description="A feed: `next_cursor` is where to go on, also after the last event there is.",
    responses=reads(Page[EventView]),
)
async def listed(ask: AnyRead, filters: Annotated[Filters, Depends()]) -> Response:
    chosen = asdict(filters) | {
        name: _moment(getattr(filters, name), name) for name in ("created_from", "created_to")
    }
    try:
        page = await ask.parts.feed.page(Wanted(brands=ask.caller.brands, **chosen))
    except BadCursor:
        raise invalid(FieldError("cursor", "must be the next_cursor of a list")) from None
    return shown(Page(items=[_view(told) for told in page.items], next_cursor=page.next_cursor))


@router.post(
    "/events/{event_id}/replay",
    status_code=202,
    summary="Send an event again",
    responses=writes(ReplayView, 202),
    openapi_extra=takes(Nothing, {}, required=False),
)
async def replay(
    ask: CashierWrite,
    event_id: EventId,
    _: Annotated[Nothing, Depends(json_body(Nothing, optional=True))],
) -> Response:
    found = _EVENT.fullmatch(event_id)
    row = await _payment(ask, found[1] if found else "", "event")
    sequence = int(found[2]) if found else 0
    if sequence > row.version:
        raise not_found("event")
    return await _replayed(ask, row, sequence, sequence)


@router.post(
    "/payments/{payment_id}/events/replay",
    status_code=202,
    summary="Send a payment's events again, from one of them on",
    responses=writes(ReplayView, 202),
    openapi_extra=takes(ReplayFrom, {"from_sequence": 1}),
)
async def replay_from(
    ask: CashierWrite,
    payment_id: AnyPaymentId,
    body: Annotated[ReplayFrom, Depends(json_body(ReplayFrom))],
) -> Response:
    row = await _payment(ask, payment_id, "payment")
    if body.from_sequence > row.version:
        raise invalid(FieldError("/from_sequence", f"the payment's last is {row.version}"))
    return await _replayed(ask, row, body.from_sequence, None)


async def _payment(ask: Write, payment_id: str, what: str) -> PaymentRow:
    row = None
    if _PAYMENT.fullmatch(payment_id):
        row = await ask.parts.registry.payment(payment_id, ask.caller.brands)
    if row is None:
        raise not_found(what)
    return row


async def _replayed(ask: Write, row: PaymentRow, first: int, last: int | None) -> Response:
    """Once per key: a caller who repeats the request does not have it sent twice more."""
    claim = ask.claim(row.brand, row.id, {"first": first, "last": last})

    async def act(_: str, __: bool) -> Reply:
        sequences = await ask.parts.feed.replay(row.id, first, last)
        view = ReplayView(
            payment_id=row.id, first_sequence=sequences[0], last_sequence=sequences[-1]
        )
        return Reply(202, view)

    return await once(ask, claim, act)


def _view(told: Told) -> EventView:
    delivery = Delivery(
        state=State(told.state),
        attempts=told.attempts,
        next_attempt_at=told.next_at,
        delivered_at=told.delivered_at,
        last_result=told.last_result,
    )
    return EventView.model_validate(asdict(told.event) | {"delivery": delivery})


def _moment(text: str | None, name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise invalid(FieldError(name, "there is no such time")) from None
