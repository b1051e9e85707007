"""Cases: what a person has to decide."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from activities.cases.tables import CaseRow
from api.amounts import AmountOut
from api.dependencies import DeskRead
from api.listing import Page, shown
from api.openapi import reads
from api.words import PaymentId

router = APIRouter(prefix="/v1/cases", tags=["Operations"])


class CaseView(BaseModel):
    key: str
    payment_id: str
    brand_id: str
    kind: str
    summary: str
    money_at_risk: AmountOut | None
    facts: dict[str, str]
    opened_at: datetime


@router.get("", summary="The newest cases", responses=reads(Page[CaseView]))
async def listed(
    ask: DeskRead,
    payment_id: Annotated[PaymentId | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    rows = await ask.parts.cases.list(ask.caller.brands, payment_id=payment_id, limit=limit)
    return shown(Page(items=[_view(row) for row in rows], next_cursor=None))


def _view(row: CaseRow) -> CaseView:
    at_risk = row.money_at_risk_minor
    money = (
        AmountOut.of_minor(at_risk, row.currency) if at_risk is not None and row.currency else None
    )
    return CaseView(
        key=row.key,
        payment_id=row.payment_id,
        brand_id=row.brand,
        kind=row.kind,
        summary=row.summary,
        money_at_risk=money,
        facts=row.facts,
        opened_at=row.opened_at,
    )
