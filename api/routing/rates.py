"""How often each PSP may be asked, changed while payments go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, BeforeValidator, Field

from activities.routing.health.rates import Rate, RateChange
from activities.routing.switches import ANY
from api.http.bodies import Body, plain
from api.http.endpoint import Endpoint
from api.http.errors import FieldError, invalid, unavailable
from api.http.fields import Reason
from api.http.idempotency import Reply, once
from api.http.listing import Page, shown
from api.http.openapi import reads, writes
from api.routing.parts import DeskRead, OperatorWrite, Read, Write
from api.routing.scope import accounts_of, psps_of, require_all_brands

router = APIRouter(prefix="/v1/routing/rates", tags=["Routing"], route_class=Endpoint)

T = TypeVar("T")
Psp = Annotated[str, Path(description="the name of a PSP, such as sandbox")]


class PutRate(Body, example={"per_second": 20, "reason": "as agreed with the PSP"}):
    per_second: Annotated[float, BeforeValidator(plain), Field(gt=0, le=100_000)] | None = Field(
        description="calls of all kinds together; null takes the limit away"
    )
    reason: Reason


class RateChangeView(BaseModel):
    per_second: float | None
    reason: str
    set_by: str
    set_at: datetime


class RateView(BaseModel):
    psp: str
    per_second: float | None = Field(description="what is heeded now; null: no limit of ours")
    latest: RateChangeView | None = Field(description="what was asked for last, by whom and why")


class RateWithHistory(RateView):
    history: list[RateChangeView] = Field(description="newest first")


@router.get("", summary="How often each PSP may be asked", responses=reads(Page[RateView]))
async def listed(ask: DeskRead) -> Response:
    found = await _told(asyncio.gather(*(ask.parts.rates.rate(psp) for psp in await _known(ask))))
    return shown(Page(items=[_view(rate) for rate in found], next_cursor=None))


@router.get("/{psp}", summary="A PSP's rate, and who changed it", responses=reads(RateWithHistory))
async def one(ask: DeskRead, psp: Psp) -> Response:
    await _require_known(ask, psp)
    rate, history = await _told(ask.parts.rates.rate(psp)), await ask.parts.rates.history(psp)
    changes = [_change(change) for change in history]
    return shown(RateWithHistory(**_view(rate).model_dump(), history=changes))


@router.put(
    "/{psp}",
    status_code=201,
    summary="Limit how often a PSP is asked; it counts at once",
    description="For all workers and brands together. What is above the rate waits for its turn "
    "and is not lost; a player waits with it, so that a rate far below the traffic is no remedy.",
    responses=writes(RateView, 201),
)
async def put(ask: OperatorWrite, psp: Psp, body: PutRate) -> Response:
    require_all_brands(ask, "a PSP is everybody's: changing its rate")
    await _require_known(ask, psp)
    claim = ask.claim(ANY, f"rate:{psp}", body.model_dump())

    async def act(_: str, __: bool) -> Reply:
        rate = await _told(
            ask.parts.rates.put(psp, body.per_second, reason=body.reason, by=ask.caller.person)
        )
        return Reply(201, _view(rate))

    return await once(ask, claim, act)


async def _told(asked: Awaitable[T]) -> T:
    """Raises Problem `unavailable` where Temporal was never there."""
    try:
        return await asked
    except RuntimeError as error:
        raise unavailable("Temporal") from error


async def _require_known(ask: Read | Write, psp: str) -> None:
    known = await _known(ask)
    if psp not in known:
        raise invalid(FieldError("psp", f"must be one of {', '.join(known) or 'none'}"))


async def _known(ask: Read | Write) -> list[str]:
    """Connected PSPs with an account that serves a brand of the caller's."""
    visible = psps_of(ask, accounts_of(ask, await ask.parts.snapshots.latest()))
    return [psp for psp in visible if psp in ask.parts.settings.psps]


def _view(rate: Rate) -> RateView:
    latest = None if rate.latest is None else _change(rate.latest)
    return RateView(psp=rate.psp, per_second=rate.per_second, latest=latest)


def _change(change: RateChange) -> RateChangeView:
    return RateChangeView(
        per_second=change.per_second,
        reason=change.reason,
        set_by=change.set_by,
        set_at=change.set_at,
    )
