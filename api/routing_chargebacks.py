"""Telling that a bank took a deposit back, so that policies that learn hear of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from activities.routing.chargebacks import report_chargeback
from api.bodies import Body, json_body
from api.commands import owned
from api.dependencies import OperatorWrite
from api.idempotency import Reply, once
from api.openapi import takes, writes
from api.words import PaymentId

router = APIRouter(prefix="/v1/routing/chargebacks", tags=["Routing"])


class ReportChargeback(Body):
    payment_id: PaymentId = Field(description="of a deposit: in_…")


class ChargebackView(BaseModel):
    payment_id: str
    new: bool = Field(description="false: it was reported before, and counts once")


@router.post(
    "",
    status_code=201,
    summary="Report that a bank took a deposit back",
    description="It moves no money: it counts against the merchant account that was asked first, "
    "for bandits and guardrails, in the window in which it is heard of, however old the payment.",
    responses=writes(ChargebackView, 201),
    openapi_extra=takes(ReportChargeback, {"payment_id": "in_0123456789abcdef0123456789abcdef"}),
)
async def report(
    ask: OperatorWrite, body: Annotated[ReportChargeback, Depends(json_body(ReportChargeback))]
) -> Response:
    row = await owned(ask, body.payment_id, "in_", "deposit")
    claim = ask.claim(row.brand, row.id, body.model_dump())

    async def act(_: str, __: bool) -> Reply:
        new = await report_chargeback(
            ask.parts.pool, row.id, reported_by=ask.caller.name, brands=[row.brand]
        )
        return Reply(201, ChargebackView(payment_id=row.id, new=new))

    return await once(ask, claim, act)
