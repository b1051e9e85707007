"""Declines, counted for operators: a table that lacks a code, a PSP that says no too often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from activities.access.credentials import ALL_BRANDS
from activities.registry.declines import DeclinesAsked
from api.dependencies import DeskRead
from api.errors import FieldError, invalid
from api.listing import Page, moment_of, shown
from api.openapi import reads
from api.words import BrandId, Moment

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


@router.get("", summary="Declines by PSP, reason and code", responses=reads(Page[DeclinesView]))
async def counted(
    ask: DeskRead,
    since: Annotated[
        Moment | None, Query(alias="from", description="payments opened at or after")
    ] = None,
    until: Annotated[Moment | None, Query(alias="to", description="opened before")] = None,
    brand: Annotated[BrandId | None, Query()] = None,
) -> Response:
    """Without times those of the last day; at most 31 days, and the 1000 most frequent kinds."""
    last = moment_of(until, "to") or datetime.now(tz=UTC)
    first = moment_of(since, "from") or last - _BY_ITSELF
    if not timedelta() < last - first <= _AT_MOST:
        raise invalid(FieldError("from", f"must be before to, by at most {_AT_MOST.days} days"))
    brands = ask.caller.brands
    if brand is not None:
        brands = frozenset({brand} if ALL_BRANDS in brands else {brand} & brands)
    rows = await ask.parts.declines.count(DeclinesAsked(brands=brands, since=first, until=last))
    items = [DeclinesView.model_validate(row, from_attributes=True) for row in rows]
    return shown(Page(items=items, next_cursor=None))
