"""How the PSPs are doing: the circuit breakers that all workers share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from activities.routing.health.overview import BreakerSeen, Event
from api.http.listing import Cursor, Limit, Page, number_of, shown
from api.http.named import Named
from api.http.openapi import reads
from api.routing.parts import DeskRead
from api.routing.scope import accounts_of, named
from workflows.domain.routing.breaker import State

router = APIRouter(prefix="/v1/routing/health", tags=["Routing"])


BreakerState = Annotated[State, Named("BreakerState")]


class BreakerView(BaseModel):
    psp: str
    merchant_account: str
    method: str | None = Field(description="null: calls without one, such as captures and refunds")
    state: BreakerState
    since: datetime | None = Field(description="null: it has never been anything else")
    failed_in_a_row: int
    opened: int = Field(description="how often it opened without closing in between")
    tries_again_at: datetime | None = Field(description="of an open one: when it lets probes by")


class BreakerEventView(BaseModel):
    id: int
    at: datetime
    psp: str
    merchant_account: str
    method: str | None
    before: BreakerState
    after: BreakerState
    reason: str


@router.get(
    "",
    summary="The breaker of every merchant account that was asked, by method",
    description="closed: well. open: no payment begins there, until it is tried again. half_open: "
    "a few payments try it. What counts is that no answer came, or came late; a decline is an "
    "answer. Captures, voids and refunds of payments under way are always sent.",
    responses=reads(Page[BreakerView]),
)
async def breakers(ask: DeskRead) -> Response:
    known = await _accounts(ask)
    found = await ask.parts.breakers.listed()
    items = [_view(one) for one in found if (one.psp, one.account) in known]
    return shown(Page(items=items, next_cursor=None))


@router.get(
    "/events",
    summary="When breakers opened and closed, and why",
    description="Newest first.",
    responses=reads(Page[BreakerEventView]),
)
async def events(ask: DeskRead, cursor: Cursor = None, limit: Limit = 50) -> Response:
    known = await _accounts(ask)
    found = await ask.parts.breakers.events(before=number_of(cursor), limit=limit + 1)
    more = str(found[limit - 1].id) if len(found) > limit else None
    items = [_event(one) for one in found[:limit] if (one.psp, one.account) in known]
    return shown(Page(items=items, next_cursor=more))


async def _accounts(ask: DeskRead) -> set[tuple[str, str]]:
    """Those that serve the caller's brands."""
    snapshot = await ask.parts.snapshots.latest()
    return {(profile.psp, profile.id) for profile in accounts_of(ask, snapshot)}


def _view(one: BreakerSeen) -> BreakerView:
    again = one.since + timedelta(seconds=one.open_seconds) if one.state is State.OPEN else None
    return BreakerView(
        psp=one.psp,
        merchant_account=one.account,
        method=named(one.method),
        state=one.state,
        since=one.since if one.since.timestamp() > 0 else None,
        failed_in_a_row=one.failed_in_a_row,
        opened=one.opened,
        tries_again_at=again,
    )


def _event(one: Event) -> BreakerEventView:
    return BreakerEventView(
        id=one.id,
        at=one.at,
        psp=one.psp,
        merchant_account=one.account,
        method=named(one.method),
        before=one.before,
        after=one.after,
        reason=one.reason,
    )
