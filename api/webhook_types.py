"""Types of webhooks that told us nothing: for operators of all brands, as a door is everybody's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from activities.access.credentials import ALL_BRANDS
from activities.inbox.webhook_types import TypesAsked
from api.dependencies import DeskRead
from api.errors import FieldError, forbidden, invalid
from api.listing import Page, shown
from api.openapi import reads
from api.words import Day, PspName

router = APIRouter(prefix="/v1/webhooks/types", tags=["Operations"])

_DAYS_BY_ITSELF, _DAYS_AT_MOST = 30, 366


class WebhookTypeView(BaseModel):
    psp: str
    day: date
    type: str = Field(description="the PSP's own word")
    known: bool = Field(description="passed over on purpose; false: no table of ours has it")
    count: int


@router.get(
    "",
    summary="Webhooks that told us nothing, by type and day",
    responses=reads(Page[WebhookTypeView]),
)
async def listed(
    ask: DeskRead,
    psp: Annotated[PspName | None, Query()] = None,
    since: Annotated[Day | None, Query(alias="from", description="a day in UTC, included")] = None,
    until: Annotated[Day | None, Query(alias="to", description="a day in UTC, included")] = None,
) -> Response:
    if ALL_BRANDS not in ask.caller.brands:
        raise forbidden("a door is everybody's: this needs a credential for all brands")
    last = _day(until, "to") or datetime.now(tz=UTC).date()
    first = _day(since, "from") or last - timedelta(days=_DAYS_BY_ITSELF)
    if not timedelta() <= last - first < timedelta(days=_DAYS_AT_MOST):
        raise invalid(FieldError("from", f"must be before to, by at most {_DAYS_AT_MOST} days"))
    rows = await ask.parts.types.list(TypesAsked(first, last, psp))
    items = [WebhookTypeView.model_validate(row, from_attributes=True) for row in rows]
    return shown(Page(items=items, next_cursor=None))


def _day(text: str | None, name: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise invalid(FieldError(name, "there is no such day")) from None
