"""Types of webhooks that told us nothing: for operators of all brands, as a door is everybody's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from activities.access.credential import ALL_BRANDS
from activities.inbox.type_counts import TypesAsked
from api.http.errors import FieldError, forbidden, invalid
from api.http.fields import Day, PspName
from api.http.listing import Page, shown
from api.http.openapi import reads
from api.operations.parts import DeskRead

router = APIRouter(prefix="/v1/webhooks/types", tags=["Operations"])

_DAYS_BY_ITSELF, _DAYS_AT_MOST = 30, 366


class WebhookTypeView(BaseModel):
    psp: str
    day: date
    type: str = Field(description="the PSP's own word")
    known: bool = Field(description="passed over on purpose; false: no table of ours has it")
    count: int


@dataclass(frozen=True)
class WebhookTypeFilters:
    """Without days: today and the thirty before."""

    psp: Annotated[PspName | None, Query()] = None
    since: Annotated[Day | None, Query(alias="from", description="a day in UTC, included")] = None
    until: Annotated[Day | None, Query(alias="to", description="a day in UTC, included")] = None


@router.get(
    "",
    summary="Webhooks that told us nothing, by type and day",
    responses=reads(Page[WebhookTypeView]),
)
async def listed(ask: DeskRead, filters: Annotated[WebhookTypeFilters, Depends()]) -> Response:
    if ALL_BRANDS not in ask.caller.brands:
        raise forbidden("a door is everybody's: this needs a credential for all brands")
    rows = await ask.parts.type_counts.list(_asked(filters))
    items = [WebhookTypeView.model_validate(row, from_attributes=True) for row in rows]
    return shown(Page(items=items, next_cursor=None))


def _asked(filters: WebhookTypeFilters) -> TypesAsked:
    """Raises Problem `invalid-request`."""
    last = _day(filters.until, "to") or datetime.now(tz=UTC).date()
    first = _day(filters.since, "from") or last - timedelta(days=_DAYS_BY_ITSELF)
    if not timedelta() <= last - first < timedelta(days=_DAYS_AT_MOST):
        raise invalid(FieldError("from", f"must be before to, by at most {_DAYS_AT_MOST} days"))
    return TypesAsked(first, last, filters.psp)


def _day(text: str | None, name: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise invalid(FieldError(name, "there is no such day")) from None
