"""Events of payments: the feed that a platform reads or is sent, and telling them again."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from activities.outgoing_events.feed import Told
from activities.outgoing_events.replays import Window
from activities.outgoing_events.tables import State
from activities.outgoing_events.wanted import BadCursor, Wanted
from activities.registry.tables import PaymentRow
from api.http.bodies import Body, Nothing, Number
from api.http.endpoint import Endpoint
from api.http.errors import FieldError, invalid, not_found
from api.http.fields import BrandId, Moment, PaymentId, Word
from api.http.idempotency import Reply, once
from api.http.listing import moment_of, shown
from api.http.named import Named, OneOf
from api.http.openapi import reads, writes
from api.http.payment_views import VIEWS
from api.operations.parts import AnyRead, CashierWrite, Write
from workflows.domain.identity import pattern_of

router = APIRouter(prefix="/v1", tags=["Events"], route_class=Endpoint)

_EVENT = re.compile(rf"evt_({pattern_of()})_([1-9][0-9]{{0,8}})", re.ASCII)
_PAYMENT = re.compile(pattern_of(), re.ASCII)


def _whole(value: Any) -> Any:
    if isinstance(value, Number) and re.fullmatch(r"[1-9][0-9]{0,8}(?:\.0{1,9})?", value.text):
        return int(value.text.partition(".")[0])
    raise PydanticCustomError("sequence", "a whole number from 1 on")


EventType = Annotated[
    str, Word(r"[a-z]{1,20}\.[a-z_]{1,40}", "a noun and what became of it: deposit.captured")
]
EventId = Annotated[str, Path(description="evt_…")]
AnyPaymentId = Annotated[str, Path(description="in_…, po_… or re_…")]


DeliveryState = Annotated[State, Named("DeliveryState")]
Payment = Annotated[dict[str, Any], OneOf(*(view.__name__ for view in VIEWS.values()))]


class Delivery(BaseModel):
    state: DeliveryState = Field(description="kept: the brand has no receiver")
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
    data: Payment = Field(description="the payment at that version, as its GET shows it")
    delivery: Delivery


class EventPage(BaseModel):
    items: list[EventView]
    next_cursor: str | None = Field(
        description="where to go on, also after the last event there is"
    )
    behind_seconds: float = Field(
        description="age of the oldest event that is written and not shown yet, because an older "
        "transaction is still writing; 0: the feed is up to date"
    )


class ReplayWindow(
    Body, example={"created_from": "2031-01-31T12:00:00Z", "created_to": "2031-01-31T13:00:00Z"}
):
    """Everything that happened from created_from on and before created_to."""

    created_from: Moment
    created_to: Moment
    type: EventType | None = Field(None, description="only these")
    brand_id: BrandId | None = Field(None, description="needed when the credential has several")


class ReplayedWindow(BaseModel):
    brand_id: str
    events: int
    payments: int
    next_from: datetime | None = Field(
        description="null: that was all. Else the created_from with which to go on"
    )


class ReplayFrom(Body, example={"from_sequence": 1}):
    from_sequence: Annotated[int, BeforeValidator(_whole)] = Field(
        description="this event of the payment, and all after it",
        json_schema_extra={"minimum": 1, "maximum": 999_999_999},
    )


class ReplayedEvents(BaseModel):
    payment_id: str
    first_sequence: int
    last_sequence: int


@dataclass(frozen=True)
class OutgoingEventFilters:
    """Every filter narrows; without any the feed begins at its first event."""

    payment_id: Annotated[PaymentId | None, Query()] = None
    type: Annotated[EventType | None, Query()] = None
    state: Annotated[DeliveryState | None, Query(description="of the delivery")] = None
    created_from: Annotated[Moment | None, Query(description="at or after")] = None
    created_to: Annotated[Moment | None, Query(description="before")] = None
    cursor: Annotated[str | None, Query(max_length=256, description="next_cursor of a page")] = None
    limit: Annotated[int, Query(ge=1, le=200)] = 50


@router.get(
    "/events",
    summary="Follow the events, oldest first",
    description="A feed: `next_cursor` is where to go on, also after the last event there is.",
    responses=reads(EventPage),
)
async def listed(ask: AnyRead, filters: Annotated[OutgoingEventFilters, Depends()]) -> Response:
    chosen = asdict(filters) | {
        name: moment_of(getattr(filters, name), name) for name in ("created_from", "created_to")
    }
    try:
        page = await ask.parts.feed.page(Wanted(brands=ask.caller.brands, **chosen))
    except BadCursor:
        raise invalid(FieldError("cursor", "must be the next_cursor of a list")) from None
    return shown(
        EventPage(
            items=[_view(row) for row in page.items],
            next_cursor=page.next_cursor,
            behind_seconds=round(page.behind_seconds, 3),
        )
    )


@router.post(
    "/events/replay",
    status_code=202,
    summary="Send everything again that happened in a time",
    responses=writes(ReplayedWindow, 202),
)
async def replay_window(ask: CashierWrite, body: ReplayWindow) -> Response:
    """For a receiver that lost an hour. Each payment's events come in order; at most 10,000 events
    a call, the oldest first."""
    window = _window(ask, body)
    claim = ask.claim(window.brand, window.brand, body.model_dump())

    async def act(_: str, __: bool) -> Reply:
        done = await ask.parts.replays.replay_window(window)
        return Reply(202, ReplayedWindow(brand_id=window.brand, **asdict(done)))

    return await once(ask, claim, act)


@router.post(
    "/events/{event_id}/replay",
    status_code=202,
    summary="Send an event again",
    responses=writes(ReplayedEvents, 202),
)
async def replay(ask: CashierWrite, event_id: EventId, _: Nothing) -> Response:
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
    responses=writes(ReplayedEvents, 202),
)
async def replay_from(ask: CashierWrite, payment_id: AnyPaymentId, body: ReplayFrom) -> Response:
    row = await _payment(ask, payment_id, "payment")
    if body.from_sequence > row.version:
        raise invalid(FieldError("/from_sequence", f"the payment's last is {row.version}"))
    return await _replayed(ask, row, body.from_sequence, None)


def _window(ask: Write, body: ReplayWindow) -> Window:
    """Raises Problem `invalid-request`."""
    since = moment_of(body.created_from, "/created_from")
    until = moment_of(body.created_to, "/created_to")
    assert since is not None and until is not None  # noqa: S101 - the body has both
    if since >= until:
        raise invalid(FieldError("/created_from", "must be before created_to"))
    brand = ask.caller.brand(body.brand_id, "/brand_id")
    return Window(brand=brand, since=since, until=until, type=body.type)


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
        sequences = await ask.parts.replays.replay(row.id, first, last)
        view = ReplayedEvents(
            payment_id=row.id, first_sequence=sequences[0], last_sequence=sequences[-1]
        )
        return Reply(202, view)

    return await once(ask, claim, act)


def _view(row: Told) -> EventView:
    delivery = Delivery(
        state=State(row.state),
        attempts=row.attempts,
        next_attempt_at=row.next_at,
        delivered_at=row.delivered_at,
        last_result=row.last_result,
    )
    return EventView.model_validate(asdict(row.event) | {"delivery": delivery})
