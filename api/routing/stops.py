"""Stopping captures or payouts by hand, seeing what that touches, and letting them go again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BeforeValidator, Field

from activities.routing.stopping.stop import Stop
from activities.routing.switches import ANY
from api.http.bodies import Body, plain
from api.http.endpoint import Endpoint
from api.http.errors import FieldError, invalid, not_found
from api.http.fields import AccountName, BrandId, PspName, Reason, Region
from api.http.idempotency import Reply, once
from api.http.listing import Cursor, Limit, Page, number_of, numbered, shown
from api.http.openapi import reads, writes
from api.routing.parts import DeskRead, OperatorWrite, Read, Write
from api.routing.scope import accounts_of, may_see, psps_of, require_all_brands, scope
from api.routing.stop_views import (
    StopPreview,
    StopView,
    StopWithPayments,
    preview,
    view,
    with_payments,
)
from workflows.domain.payments import Stoppable
from workflows.domain.routing.stop_scope import StopScope

router = APIRouter(prefix="/v1/routing/stops", tags=["Routing"], route_class=Endpoint)

StopId = Annotated[str, Path(description="the id of a stop, such as 3")]
_MOST_WAITING = 200


_EXAMPLE: dict[str, Any] = {
    "operation": "captures",
    "psp": "sandbox",
    "brand_id": "acme",
    "reason": "its captures come back twice",
    "confirm": False,
}


class PutStop(Body, example=_EXAMPLE):
    operation: Stoppable = Field(strict=False)
    psp: PspName | None = Field(None, description="without it, every PSP")
    merchant_account: AccountName | None = Field(None, description="without it, all of the PSP")
    brand_id: BrandId | None = Field(None, description="without it, all brands")
    region: Region | None = Field(None, description="without it, all regions")
    reason: Reason
    confirm: bool = Field(False, description="false only tells what it would touch")


class LiftStop(Body, example={"drain_per_second": 10, "reason": "the PSP has mended it"}):
    drain_per_second: Annotated[float, BeforeValidator(plain)] = Field(
        gt=0, le=10_000, description="so many of the parked payments go on, the oldest first"
    )
    reason: Reason


_ANSWERS = writes(StopView, 201)
_ANSWERS[200] |= {
    "model": StopPreview | StopView,
    "description": "Without confirm: what it would touch. Else the stored answer again",
}


@router.get(
    "",
    summary="What is stopped by hand, and how many payments wait for it",
    description="Newest first; stops of all brands among them, since they matter to each.",
    responses=reads(Page[StopView]),
)
async def listed(
    ask: DeskRead,
    state: Annotated[Literal["live"] | None, Query(description="live: not lifted")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    found = await ask.parts.stops.seen_by(
        ask.caller.brands, only_live=state == "live", before=number_of(cursor), limit=limit + 1
    )
    return shown(numbered(found, limit, view))


@router.post(
    "",
    status_code=201,
    summary="Stop captures or payouts by hand",
    description="Without `confirm` nothing is stopped: 200 tells how many payments it would touch, "
    "and which merchant accounts new payments would no longer be routed to. With `confirm: true` "
    "it counts at once. What is under way then parks just before the money would move: it loses "
    "nothing, is shown as PARKED or PAYOUT_PARKED, and can still be cancelled. Setting the same "
    "stop twice is setting it once. It is ended by POST /v1/routing/stops/{id}/lift.",
    responses=_ANSWERS,
)
async def put(ask: OperatorWrite, body: PutStop) -> Response:
    wanted = await _scope(ask, body)
    if not body.confirm:
        return shown(await preview(ask, wanted))
    claim = ask.claim(wanted.brand, f"stop:{wanted.operation}", body.model_dump(mode="json"))

    async def act(_: str, __: bool) -> Reply:
        stop = await ask.parts.stops.put(wanted, reason=body.reason, by=ask.caller.person)
        return Reply(201, view(stop))

    return await once(ask, claim, act)


@router.get(
    "/{stop_id}",
    summary="Look at a stop: its history, and the payments that wait",
    responses=reads(StopWithPayments),
)
async def one(ask: DeskRead, stop_id: StopId) -> Response:
    stop = await _the_stop(ask, stop_id)
    events = await ask.parts.stops.events(stop.id)
    waiting = await ask.parts.stops.waiting(stop.id, _MOST_WAITING)
    return shown(
        with_payments(stop, events, [each for each in waiting if may_see(ask, each.brand)])
    )


@router.post(
    "/{stop_id}/lift",
    status_code=201,
    summary="Let the payments go again, at a rate",
    description="What was never parked goes at once; what waits goes on, the oldest first, at the "
    "rate. Lifting a lifted stop with another rate makes it faster or slower.",
    responses=writes(StopView, 201),
)
async def lift(ask: OperatorWrite, stop_id: StopId, body: LiftStop) -> Response:
    stop = await _the_stop(ask, stop_id)
    if stop.brand == ANY:
        require_all_brands(ask, "lifting a stop of all brands")
    claim = ask.claim(stop.brand, f"stop:{stop.id}", body.model_dump())

    async def act(_: str, __: bool) -> Reply:
        lifted = await ask.parts.stops.lift(
            stop.id, per_second=body.drain_per_second, reason=body.reason, by=ask.caller.person
        )
        return Reply(201, view(lifted))

    return await once(ask, claim, act)


async def _scope(ask: Write, body: PutStop) -> StopScope:
    """Raises Problem `invalid-request`, `forbidden` or `not-found`."""
    brand = scope(ask, body.brand_id, "a stop")
    profiles = accounts_of(ask, await ask.parts.snapshots.latest())
    if body.psp is not None:
        psps = psps_of(ask, profiles)
        if body.psp not in psps:
            raise invalid(FieldError("/psp", f"must be one of {', '.join(psps) or 'none'}"))
    if body.merchant_account is not None:
        if body.psp is None:
            raise invalid(FieldError("/psp", "is needed with a merchant_account"))
        known = sorted(profile.id for profile in profiles if profile.psp == body.psp)
        if body.merchant_account not in known:
            allowed = ", ".join(known) or "none"
            raise invalid(FieldError("/merchant_account", f"must be one of {allowed}"))
    return StopScope(
        operation=body.operation,
        brand=brand,
        psp=body.psp or ANY,
        account=body.merchant_account or ANY,
        region=body.region or ANY,
    )


async def _the_stop(ask: Read | Write, stop_id: str) -> Stop:
    """The stop, if it matters to the caller. Raises Problem `not-found`."""
    stop = None
    if stop_id.isascii() and stop_id.isdecimal() and len(stop_id) <= 15:
        stop = await ask.parts.stops.stop(int(stop_id))
    if stop is None or not (stop.brand == ANY or may_see(ask, stop.brand)):
        raise not_found("stop")
    return stop
