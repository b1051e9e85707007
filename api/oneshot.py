"""A deposit in one call, for simple front ends: the answer is where to send the player."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Response
from pydantic import Field, ValidationInfo, field_validator

from api import views
from api.amounts import AmountIn, Currency, DecimalText, currency_of, money_of
from api.bodies import Body, json_body
from api.commands import told
from api.dependencies import CashierWrite
from api.idempotency import Reply, opened_once
from api.intents import CreateIntent, intent_of
from api.openapi import takes, writes
from api.orders import started
from api.runs import Command
from api.words import BrandId, PlayerId
from workflows.domain.deposits import AuthorizeCommand

router = APIRouter(prefix="/payments", tags=["One-shot"])

METHOD = "card"
"""The PSP's hosted page asks the player for the rest."""


class InitPayment(Body):
    currency: Currency
    amount: DecimalText
    customer_id: PlayerId = Field(alias="customerId")
    return_url: str = Field(alias="returnUrl")
    brand_id: BrandId | None = Field(None, alias="brandId")

    _check_currency = field_validator("currency")(currency_of)

    @field_validator("amount")
    @classmethod
    def _canonical(cls, text: str, info: ValidationInfo) -> str:
        currency = info.data.get("currency")
        return money_of(text, currency).amount if currency else text

    def as_intent(self) -> CreateIntent:
        return CreateIntent(
            player_id=self.customer_id,
            amount=AmountIn(amount=self.amount, currency=self.currency),
            method=METHOD,
            return_url=self.return_url,
            metadata={"brand_id": self.brand_id} if self.brand_id else {},
        )


_EXAMPLE = {
    "amount": "50.00",
    "currency": "EUR",
    "customerId": "player-1",
    "returnUrl": "https://casino.example/cashier",
}


@router.post(
    "/init",
    status_code=201,
    summary="Open an intent and get the PSP's page",
    responses=writes(views.OneShotView, 201, 202),
    openapi_extra=takes(InitPayment, _EXAMPLE),
)
async def init(
    ask: CashierWrite, body: Annotated[InitPayment, Depends(json_body(InitPayment))]
) -> Response:
    """Send the player to `redirect_url` (the Location, too). When they come back on `returnUrl`,
    send its query to `POST /v1/cashier/intents/{intent_id}/complete`, whichever PSP it was.
    """
    order, payment = intent_of(ask, body.as_intent())
    claim = ask.claim(payment.brand, order.intent_id, body.model_dump(mode="json"))

    async def act(intent_id: str, first: bool) -> Reply:
        row = await started(ask, payment, order, intent_id, first)
        command = Command(intent_id, "authorize", claim, AuthorizeCommand())
        reply = await told(ask, row, command, views.one_shot)
        return Reply(201, reply.view) if reply.stored else reply

    return _with_location(await opened_once(ask, claim, payment, act))


def _with_location(response: Response) -> Response:
    if response.status_code < 300:
        redirect_url = orjson.loads(bytes(response.body))["redirect_url"]
        if redirect_url:
            response.headers["Location"] = redirect_url
    return response
