"""Declines, counted for operators: a table that lacks a code, a PSP that says no too often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from activities.access.credential import ALL_BRANDS
from activities.registry.declines import DeclinesAsked
from api.http.errors import FieldError, invalid
from api.http.fields import BrandId, Moment
from api.http.listing import Page, moment_of, shown
from api.http.openapi import reads
from api.operations.parts import DeskRead, Read

router = APIRouter(prefix="/v1/declines", tags=["Operations"])

_BY_ITSELF, _AT_MOST = timedelta(days=1), timedelta(days=31)


class DeclinesView(BaseModel):
    psp: str
    merchant_account: str
    step: str = Field(examples=["authorize"])
    reason: str
    code: str = Field(description="the PSP's own, as it came")
    soft: bool | None
    unmapped: bool = Field(description="the code is in no table of ours")
    count: int


@dataclass(frozen=True)
class DeclineFilters:
    """From `from` on and before `to`; without either, the last day."""

    since: Annotated[
        Moment | None, Query(alias="from", description="payments opened at or after")
    ] = None
    until: Annotated[Moment | None, Query(alias="to", description="opened before")] = None
    brand: Annotated[BrandId | None, Query()] = None


@router.get("", summary="Declines by PSP, reason and code", responses=reads(Page[DeclinesView]))
async def counted(ask: DeskRead, filters: Annotated[DeclineFilters, Depends()]) -> Response:
    """Without times those of the last day; at most 31 days, and the 1000 most frequent kinds."""
    rows = await ask.parts.declines.count(_asked(ask, filters))
    items = [DeclinesView.model_validate(row, from_attributes=True) for row in rows]
    return shown(Page(items=items, next_cursor=None))


def _asked(ask: Read, filters: DeclineFilters) -> DeclinesAsked:
    """Raises Problem `invalid-request`."""
    last = moment_of(filters.until, "to") or datetime.now(tz=UTC)
    first = moment_of(filters.since, "from") or last - _BY_ITSELF
    if not timedelta() < last - first <= _AT_MOST:
        raise invalid(FieldError("from", f"must be before to, by at most {_AT_MOST.days} days"))
    brands, only = ask.caller.brands, filters.brand
    if only is not None:
        brands = frozenset({only} if ALL_BRANDS in brands else {only} & brands)
    return DeclinesAsked(brands=brands, since=first, until=last)
