"""Payouts that wait for a second person, for those who decide."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from activities.registry.approval_order import Sort
from activities.registry.approvals import Undecided
from activities.registry.cursors import BadCursor
from activities.registry.tables import PaymentRow
from api.cashier.parts import AnyRead
from api.http import payment_views as views
from api.http.errors import FieldError, invalid
from api.http.fields import CurrencyCode
from api.http.listing import Cursor, Limit, Page, shown
from api.http.named import Named
from api.http.openapi import reads

router = APIRouter(prefix="/v1/approvals", tags=["Payouts"])


ApprovalSort = Annotated[Sort, Named("ApprovalSort")]


class WaitingPayout(views.PayoutView):
    age_seconds: int = Field(description="since it was asked for")


@dataclass(frozen=True)
class ApprovalFilters:
    """Without any, all that wait: the longest waiting first."""

    sort: Annotated[ApprovalSort, Query(description="amount: by currency, the largest first")] = (
        Sort.AGE
    )
    currency: Annotated[CurrencyCode | None, Query()] = None
    cursor: Cursor = None
    limit: Limit = 50


@router.get(
    "",
    summary="Payouts that wait for a second person, the oldest or the largest first",
    responses=reads(Page[WaitingPayout]),
)
async def listed(ask: AnyRead, filters: Annotated[ApprovalFilters, Depends()]) -> Response:
    """Postponed ones among them. Decide with `POST /v1/cashier/payouts/{payout_id}/approvals`."""
    undecided = Undecided(brands=ask.caller.brands, **asdict(filters))
    try:
        found = await ask.parts.approvals.list(undecided)
    except BadCursor as wrong:
        raise invalid(FieldError("cursor", str(wrong))) from None
    return shown(Page(items=[_view(row) for row in found.items], next_cursor=found.next_cursor))


def _view(row: PaymentRow) -> WaitingPayout:
    age = datetime.now(UTC) - row.created_at
    seen = views.payout(row).model_dump()
    return WaitingPayout(**seen, age_seconds=max(0, int(age.total_seconds())))
