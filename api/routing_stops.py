"""Stopping captures or payouts by hand, seeing what that touches, and letting them go again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BeforeValidator, Field

from activities.routing.stops import Scope, Stop
from activities.routing.switches import ANY
from api.bodies import Body, json_body
from api.dependencies import DeskRead, OperatorWrite, Read, Write
from api.errors import FieldError, invalid, not_found
from api.idempotency import Reply, once
from api.listing import Page, shown
from api.openapi import reads, takes, writes
from api.routing_changes import before
from api.routing_documents import plain
from api.routing_scope import may_see, require_all_brands, scope
from api.routing_stop_views import (
    StopPreview,
    StopView,
    StopWithPayments,
    preview,
    view,
    with_payments,
)
from api.words import AccountName, BrandId, PspName, Reason, Region
from workflows.domain.payments import Movement

router = APIRouter(prefix="/v1/routing/stops", tags=["Routing"])

StopId = Annotated[str, Path(description="the id of a stop, such as 3")]
_MOST_WAITING = 200


class PutStop(Body):
    operation: Movement = Field(strict=False)
    psp: PspName | None = Field(None, description="without it, every PSP")
    merchant_account: AccountName | None = Field(None, description="without it, all of the PSP")
    brand_id: BrandId | None = Field(None, description="without it, all brands")
    region: Region | None = Field(None, description="without it, all regions")
    reason: Reason
    confirm: bool = Field(False, description="false only tells what it would touch")


class LiftStop(Body):
    drain_per_second: Annotated[float, BeforeValidator(plain)] = Field(
        gt=0, le=10_000, description="so many of the parked payments go on, the oldest first"
    )
    reason: Reason


_EXAMPLE: dict[str, Any] = {
    "operation": "captures",
    "psp": "sandbox",
    "brand_id": "acme",
    "reason": "its captures come back twice",
    "confirm": False,
}
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
    cursor: Annotated[str | None, Query(max_length=256, description="next_cursor")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    found = await ask.parts.stops.seen_by(
        ask.caller.brands, only_live=state == "live", before=before(cursor), limit=limit + 1
    )
    more = str(found[limit - 1].id) if len(found) > limit else None
    return shown(Page(items=[view(stop) for stop in found[:limit]], next_cursor=more))


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
    openapi_extra=takes(PutStop, _EXAMPLE),
)
async def put(
    ask: OperatorWrite, body: Annotated[PutStop, Depends(json_body(PutStop))]
) -> Response:
    wanted = await _scope(ask, body)
    if not body.confirm:
        return shown(await preview(ask, wanted))
    claim = ask.claim(wanted.brand, f"stop:{wanted.operation}", body.model_dump(mode="json"))

    async def act(_: str, __: bool) -> Reply:
        stop = await ask.parts.stops.put(wanted, reason=body.reason, by=ask.caller.name)
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
    openapi_extra=takes(LiftStop, {"drain_per_second": 10, "reason": "the PSP has mended it"}),
)
async def lift(
    ask: OperatorWrite, stop_id: StopId, body: Annotated[LiftStop, Depends(json_body(LiftStop))]
) -> Response:
    stop = await _the_stop(ask, stop_id)
    if stop.brand == ANY:
        require_all_brands(ask, "lifting a stop of all brands")
    claim = ask.claim(stop.brand, f"stop:{stop.id}", body.model_dump())

    async def act(_: str, __: bool) -> Reply:
        lifted = await ask.parts.stops.lift(
            stop.id, per_second=body.drain_per_second, reason=body.reason, by=ask.caller.name
        )
        return Reply(201, view(lifted))

    return await once(ask, claim, act)


async def _scope(ask: Write, body: PutStop) -> Scope:
    """Raises Problem `invalid-request`, `forbidden` or `not-found`."""
    brand = scope(ask, body.brand_id, "a stop")
    profiles = (await ask.parts.snapshots.latest()).accounts.profiles
    if body.psp is not None:
        psps = {*ask.parts.settings.psps, *(profile.psp for profile in profiles)}
        if body.psp not in psps:
            raise invalid(FieldError("/psp", f"must be one of {', '.join(sorted(psps))}"))
    if body.merchant_account is not None:
        if body.psp is None:
            raise invalid(FieldError("/psp", "is needed with a merchant_account"))
        known = sorted(profile.id for profile in profiles if profile.psp == body.psp)
        if body.merchant_account not in known:
            allowed = ", ".join(known) or "none"
            raise invalid(FieldError("/merchant_account", f"must be one of {allowed}"))
    return Scope(
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
