"""A deposit in one call, for simple front ends: the answer is where to send the player."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, ValidationInfo, field_validator

from activities.registry.tables import PaymentRow
from api.cashier.commands import accepted
from api.cashier.intents import CreateIntent, intent_of
from api.cashier.labels import Labelled
from api.cashier.orders import opened
from api.cashier.parts import CashierWrite, Write
from api.http.amounts import AmountIn, Currency, DecimalText, currency_of, money_of
from api.http.endpoint import Endpoint
from api.http.fields import BrandId, PlayerId
from api.http.idempotency import Reply, opened_once
from api.http.openapi import writes
from api.http.outcomes import Decline
from api.http.payment_views import IntentStatus, intent
from workflows.domain.records import Record

router = APIRouter(prefix="/payments", tags=["One-shot"], route_class=Endpoint)

METHOD = "card"
"""Of a caller who names none, where our PSPs take it. The page asks the player for the rest."""


def _usual_method(ask: Write) -> str:
    """`card`, else the first of ours that one of our PSPs takes."""
    takes = ask.parts.catalog.takes
    return next((m for m in (METHOD, *ask.parts.settings.routing.methods) if takes(m)), METHOD)


class OneShotView(BaseModel):
    intent_id: str
    status: IntentStatus
    redirect_url: str | None
    decline: Decline | None
    reference: str | None
    metadata: dict[str, str]


_EXAMPLE = {
    "amount": "50.00",
    "currency": "EUR",
    "customerId": "player-1",
    "returnUrl": "https://casino.example/cashier",
}


class InitPayment(Labelled, example=_EXAMPLE):
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

    def as_intent(self, method: str) -> CreateIntent:
        """The same deposit in an intent's words: `brand_id` goes into the metadata."""
        return CreateIntent(
            player_id=self.customer_id,
            amount=AmountIn(amount=self.amount, currency=self.currency),
            method=method,
            return_url=self.return_url,
            authorize=True,
            reference=self.reference,
            metadata=self.metadata | ({"brand_id": self.brand_id} if self.brand_id else {}),
        )


@router.post(
    "/init",
    status_code=201,
    summary="Open an intent and get the PSP's page",
    responses=writes(OneShotView, 201, 202),
)
async def init(ask: CashierWrite, body: InitPayment) -> Response:
    """Send the player to `redirect_url` (the Location, too). When they come back on `returnUrl`,
    send its query to `POST /v1/cashier/intents/{intent_id}/complete`, whichever PSP it was.
    """
    order, payment = intent_of(ask, body.as_intent(_usual_method(ask)))
    claim = ask.claim(payment.brand, order.intent_id, body.model_dump(mode="json"))

    async def act(intent_id: str, first: bool) -> Reply:
        row, record = await accepted(
            ask, *await opened(ask, payment, order, intent_id, first), claim
        )
        stored = record is not None or row.final
        return Reply(201 if stored else 202, _view(row, record), stored)

    return _with_location(await opened_once(ask, claim, payment, act))


def _with_location(response: Response) -> Response:
    if response.status_code < 300:
        redirect_url = orjson.loads(bytes(response.body))["redirect_url"]
        if redirect_url:
            response.headers["Location"] = redirect_url
    return response


def _view(row: PaymentRow, record: Record | None = None) -> OneShotView:
    shown = intent(row, record)
    return OneShotView(
        intent_id=shown.intent_id,
        status=shown.status,
        redirect_url=shown.redirect_url,
        decline=shown.decline,
        reference=shown.reference,
        metadata=shown.metadata,
    )
