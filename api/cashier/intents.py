"""Deposits: open an intent, authorize, capture, void, cancel, look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from activities.registry.new_payment import NewPayment
from api.cashier.commands import accepted, commanded, ordered
from api.cashier.hints import HINTS, Hints, without_absent_hints
from api.cashier.labels import Labelled
from api.cashier.lists import PaymentFilters, filters_by, page
from api.cashier.orders import DEFAULT_REGION, new_id, opened, plain
from api.cashier.parts import AnyRead, CashierWrite, Write
from api.http import payment_views as views
from api.http.amounts import AmountIn
from api.http.bodies import Body, Nothing
from api.http.endpoint import Endpoint
from api.http.fields import (
    IntentId,
    LastFour,
    Method,
    Parameters,
    PlayerId,
    PspToken,
    require_method,
    require_return_url,
)
from api.http.idempotency import Reply, opened_once
from api.http.listing import Page, shown
from api.http.openapi import reads, writes
from api.http.owned import owned
from workflows.domain.deposits import (
    AuthorizeCommand,
    CaptureCommand,
    CompleteCommand,
    DepositOrder,
    Status,
)
from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod
from workflows.domain.wallet import Player

ListFilters = Annotated[PaymentFilters, Depends(filters_by(views.IntentStatus))]

router = APIRouter(prefix="/v1/cashier/intents", tags=["Deposits"], route_class=Endpoint)

Name = Literal["automatic", "manual"]


EXAMPLE = {
    "player_id": "player-1",
    "amount": {"amount": "50.00", "currency": "EUR"},
    "method": "card",
    "return_url": "https://casino.example/cashier",
    "payment_token": "tok_ok",
    "reference": "order-1001",
    "last_four": "4242",
    "metadata": {"brand_id": "default", "region": "eu"},
    "routing": {"card_country": "DE", "bin": "400000", "scheme": "visa"},
}


class CreateIntent(Labelled, example=EXAMPLE):
    player_id: PlayerId
    amount: AmountIn
    method: Method
    return_url: str = Field(description="https, of a host that is allowed")
    payment_token: PspToken | None = None
    capture_method: Name = Field(
        "automatic", description="automatic: authorize goes on to capture and credit"
    )
    authorize: bool = Field(
        False, description="go ahead at once: the answer is that of `authorize`, in one call"
    )
    last_four: LastFour | None = Field(
        None, description="of the card, where you know them: the payment is found by them"
    )
    routing: Hints | None = Field(None, description=HINTS)

    @property
    def asked(self) -> dict[str, Any]:
        """What its idempotency key is bound to."""
        return without_absent_hints(self)


class Authorize(Body, example={"payment_token": "tok_ok"}, optional=True):
    payment_token: PspToken | None = Field(None, description="overrides the intent's")


class Capture(Body, example={"amount": {"amount": "20.00", "currency": "EUR"}}, optional=True):
    amount: AmountIn | None = Field(None, description="without it, all that is held")


class Complete(
    Body, example={"parameters": {"redirectResult": "X6XtfGC3!Y…"}}, optional=True, tokens=True
):
    parameters: Parameters = Field(default_factory=dict)


@router.post(
    "",
    status_code=201,
    summary="Open an intent",
    responses=writes(views.IntentView, 201),
)
async def create(ask: CashierWrite, body: CreateIntent) -> Response:
    order, payment = intent_of(ask, body)
    claim = ask.claim(payment.brand, order.intent_id, body.asked)

    async def act(intent_id: str, first: bool) -> Reply:
        row, ordered = await opened(ask, payment, order, intent_id, first)
        if not order.goes_ahead:
            return Reply(201, views.intent(row))
        row, record = await accepted(ask, row, ordered, claim)
        return Reply(201, views.intent(row, record), stored=record is not None or row.final)

    return await opened_once(ask, claim, payment, act, at_once=not order.goes_ahead)


@router.get("", summary="List intents, newest first", responses=reads(Page[views.IntentView]))
async def listed(ask: AnyRead, filters: ListFilters) -> Response:
    return await page(ask, Kind.DEPOSIT, filters, views.intent)


@router.get("/{intent_id}", summary="Look at an intent", responses=reads(views.IntentView))
async def one(ask: AnyRead, intent_id: IntentId) -> Response:
    return shown(views.intent(await owned(ask, intent_id, Kind.DEPOSIT, "intent")))


@router.post(
    "/{intent_id}/authorize",
    status_code=201,
    summary="Hold the amount at a PSP",
    responses=writes(views.IntentView, 201, 202),
)
async def authorize(ask: CashierWrite, intent_id: IntentId, body: Authorize) -> Response:
    asked = body.model_dump(mode="json")
    order = await ordered(ask, intent_id, Kind.DEPOSIT, "intent", asked)
    command = AuthorizeCommand(payment_token=body.payment_token)
    return await commanded(ask, order, "authorize", views.intent, argument=command)


_BEYOND_THE_PAGE = frozenset(Status) - {Status.INITIATED}
"""A PSP's webhook may be faster than the player's browser: that is no error of the front end."""


@router.post(
    "/{intent_id}/complete",
    status_code=201,
    summary="Go on: the player is back from the PSP's page",
    responses=writes(views.IntentView, 201, 202),
)
async def complete(ask: CashierWrite, intent_id: IntentId, body: Complete) -> Response:
    """Call it whenever a player comes back on the intent's `return_url`, for every PSP alike, with
    the names and values of the URL's query, whatever they are; without a query, with no body. What
    the PSP does not need is dropped.

    Some PSPs wait for it before they hold the money, others do not mind. It answers like
    `authorize`: another `redirect_url` is another challenge, to be shown; 202 with PENDING means
    that the PSP tells later; 200 that the PSP was faster than the player, with the state that it is
    in now; 409 that it was never authorized. A player who never comes back costs nothing: where the
    PSP tells that they are done, we go on without them.
    """
    asked = body.model_dump(mode="json")
    order = await ordered(ask, intent_id, Kind.DEPOSIT, "intent", asked)
    psp = (order.row.facts.get("account") or {}).get("psp", "")
    needed = ask.parts.catalog.brought_back(psp, body.parameters)
    command = CompleteCommand(parameters=needed)
    return await commanded(
        ask, order, "complete", views.intent, argument=command, overtaken=_BEYOND_THE_PAGE
    )


@router.post(
    "/{intent_id}/capture",
    status_code=201,
    summary="Take what is held, or a part of it",
    responses=writes(views.IntentView, 201, 202),
)
async def capture(ask: CashierWrite, intent_id: IntentId, body: Capture) -> Response:
    asked = body.model_dump(mode="json")
    order = await ordered(ask, intent_id, Kind.DEPOSIT, "intent", asked)
    amount = body.amount.money if body.amount else None
    moves = amount or Money(order.row.amount_minor, order.row.currency)
    command = CaptureCommand(amount=amount)
    return await commanded(ask, order, "capture", views.intent, argument=command, moves=moves)


@router.post(
    "/{intent_id}/void",
    status_code=201,
    summary="Release the hold",
    responses=writes(views.IntentView, 201, 202),
)
async def void(ask: CashierWrite, intent_id: IntentId, _: Nothing) -> Response:
    order = await ordered(ask, intent_id, Kind.DEPOSIT, "intent")
    return await commanded(ask, order, "void", views.intent)


@router.post(
    "/{intent_id}/cancel",
    status_code=201,
    summary="End the intent before it is captured",
    responses=writes(views.IntentView, 201, 202),
)
async def cancel(ask: CashierWrite, intent_id: IntentId, _: Nothing) -> Response:
    order = await ordered(ask, intent_id, Kind.DEPOSIT, "intent")
    return await commanded(ask, order, "cancel", views.intent)


def intent_of(ask: Write, body: CreateIntent) -> tuple[DepositOrder, NewPayment]:
    """What the run is started with, and version 1 in the registry."""
    settings = ask.parts.settings
    money, region = body.amount.money, body.metadata.get("region", DEFAULT_REGION)
    ask.caller.require_amount(money)
    order = DepositOrder(
        intent_id=new_id(Kind.DEPOSIT),
        player=Player(ask.caller.brand(body.metadata.get("brand_id")), body.player_id),
        amount=money,
        method=require_method(body.method, settings),
        region=region,
        segment=body.metadata.get("player_segment"),
        return_url=require_return_url(body.return_url, settings),
        capture_method=CaptureMethod(body.capture_method),
        payment_token=body.payment_token,
        trace_id=ask.trace_id,
        expires_at=_in_minutes(settings.api.intent_minutes),
        hints=body.routing.hints if body.routing else None,
        goes_ahead=body.authorize,
    )
    payment = NewPayment(
        kind=Kind.DEPOSIT,
        brand=order.player.brand,
        region=region,
        player_id=body.player_id,
        currency=money.currency,
        amount_minor=money.minor_units,
        method=body.method,
        status=Status.INITIATED,
        trace_id=order.trace_id,
        requester=ask.caller.person,
        credential=ask.caller.name,
        details=_details_of(body, order),
        order=plain(order),
        expires_at=None if order.goes_ahead else order.expires_at,
    )
    return order, payment


def _in_minutes(minutes: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")


def _details_of(body: CreateIntent, order: DepositOrder) -> dict[str, Any]:
    return {
        "return_url": order.return_url,
        "capture_method": body.capture_method,
        "last_four": body.last_four,
        **body.labels,
    }
