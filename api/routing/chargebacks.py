"""Telling that a bank took a deposit back, so that policies that learn hear of it."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from activities.routing.learning.chargebacks import report_chargeback
from api.http.bodies import Body
from api.http.endpoint import Endpoint
from api.http.fields import PaymentId
from api.http.idempotency import Reply, once
from api.http.openapi import writes
from api.http.owned import owned
from api.routing.parts import OperatorWrite
from workflows.domain.identity import Kind

router = APIRouter(prefix="/v1/routing/chargebacks", tags=["Routing"], route_class=Endpoint)


class ReportChargeback(Body, example={"payment_id": "in_0123456789abcdef0123456789abcdef"}):
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
)
async def report(ask: OperatorWrite, body: ReportChargeback) -> Response:
    row = await owned(ask, body.payment_id, Kind.DEPOSIT, "deposit")
    claim = ask.claim(row.brand, row.id, body.model_dump())

    async def act(_: str, __: bool) -> Reply:
        new = await report_chargeback(
            ask.parts.pool, row.id, reported_by=ask.caller.person, brands=[row.brand]
        )
        return Reply(201, ChargebackView(payment_id=row.id, new=new))

    return await once(ask, claim, act)
