"""Payouts: ask for one, decide on one, cancel, look."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from activities.registry.claims import Claim
from activities.registry.new_payment import NewPayment
from activities.registry.tables import PaymentRow
from api.cashier.commands import accepted, commanded, ordered, reply_to
from api.cashier.hints import HINTS, Hints, without_absent_hints
from api.cashier.labels import Labelled
from api.cashier.lists import OfIntent, PaymentFilters, filters_by, page
from api.cashier.orders import DEFAULT_REGION, new_id, opened, plain
from api.cashier.parts import AnyRead, ApproverWrite, CashierWrite, Write
from api.http import payment_views as views
from api.http.amounts import AmountIn
from api.http.bodies import Body, Nothing
from api.http.endpoint import Endpoint
from api.http.errors import FieldError, Problem, four_eyes, invalid
from api.http.fields import (
    IntentName,
    Method,
    Moment,
    PayoutId,
    PlayerId,
    PspToken,
    Reason,
    require_method,
)
from api.http.idempotency import Reply, answered, opened_once
from api.http.listing import Page, shown
from api.http.named import Named
from api.http.openapi import reads, writes
from api.http.owned import owned
from api.http.runs import Command
from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.payouts import Approval, ApprovalDecision, PayoutOrder, Status
from workflows.domain.wallet import Player
from workflows.starting import Order

ListFilters = Annotated[PaymentFilters, Depends(filters_by(views.PayoutStatus))]

router = APIRouter(prefix="/v1/cashier/payouts", tags=["Payouts"], route_class=Endpoint)


_EXAMPLE = {
    "player_id": "player-1",
    "amount": {"amount": "20.00", "currency": "EUR"},
    "method": "card",
    "destination": "dst_ok",
    "reference": "cashout-1001",
    "metadata": {"brand_id": "default", "region": "eu"},
}


class CreatePayout(Labelled, example=_EXAMPLE):
    player_id: PlayerId
    amount: AmountIn
    method: Method
    destination: PspToken = Field(description="the PSP's token of where to pay")
    intent_id: IntentName | None = Field(
        None, description="a deposit of the same player whose money this pays back, if it is that"
    )
    routing: Hints | None = Field(None, description=HINTS)

    @property
    def asked(self) -> dict[str, Any]:
        """What its idempotency key is bound to."""
        return without_absent_hints(self)


class Approve(Body, example={"decision": "approve", "reason": "documents seen"}):
    decision: Annotated[ApprovalDecision, Named("PayoutDecision")] = Field(strict=False)
    reason: Reason | None = None
    until: Moment | None = Field(None, description="with postpone alone, at most 30 days ahead")


@router.post(
    "",
    status_code=202,
    summary="Ask for a payout; its money is held at once",
    responses=writes(views.PayoutView, 202),
)
async def create(ask: CashierWrite, body: CreatePayout) -> Response:
    order, payment = _payout_of(ask, body)
    await _require_deposit(ask, payment)
    claim = ask.claim(payment.brand, order.payout_id, body.asked)

    async def act(payout_id: str, first: bool) -> Reply:
        return await _submitted(ask, *await opened(ask, payment, order, payout_id, first), claim)

    return await opened_once(ask, claim, payment, act)


@router.get("", summary="List payouts, newest first", responses=reads(Page[views.PayoutView]))
async def listed(
    ask: AnyRead,
    filters: ListFilters,
    intent_id: OfIntent = None,
) -> Response:
    return await page(ask, Kind.PAYOUT, filters, views.payout, intent_id)


@router.get("/{payout_id}", summary="Look at a payout", responses=reads(views.PayoutView))
async def one(ask: AnyRead, payout_id: PayoutId) -> Response:
    return shown(views.payout(await owned(ask, payout_id, Kind.PAYOUT, "payout")))


@router.post(
    "/{payout_id}/approvals",
    status_code=201,
    summary="A second person decides: approve, decline or postpone",
    responses=writes(views.PayoutView, 201, 202),
)
async def approve(ask: ApproverWrite, payout_id: PayoutId, body: Approve) -> Response:
    # Bound to the person: another's decision under the same key is another request.
    asked = body.model_dump(mode="json") | {"approver": ask.caller.person}
    order = await ordered(ask, payout_id, Kind.PAYOUT, "payout", asked)

    async def act(_: str, __: bool) -> Reply:
        return await _decided(ask, order.row, order.claim, body)

    return await answered(ask, order.claim, order.claimed, act)


@router.post(
    "/{payout_id}/cancel",
    status_code=201,
    summary="Give the money back, as long as no PSP has been asked",
    responses=writes(views.PayoutView, 201, 202),
)
async def cancel(ask: CashierWrite, payout_id: PayoutId, _: Nothing) -> Response:
    order = await ordered(ask, payout_id, Kind.PAYOUT, "payout")
    return await commanded(ask, order, "cancel", views.payout)


async def _decided(ask: Write, row: PaymentRow, claim: Claim, body: Approve) -> Reply:
    approver = ask.caller.person
    ask.caller.require_amount(Money(row.amount_minor, row.currency))
    if approver == row.requester:
        raise four_eyes()
    decision = Approval(**body.model_dump(), approver=approver, credential=ask.caller.name)
    command = Command(row.id, "approve", claim, decision, approver)
    return await reply_to(ask, row, command, views.payout)


async def _submitted(ask: Write, row: PaymentRow, order: Order, claim: Claim) -> Reply:
    view = views.payout(*await accepted(ask, row, order, claim))
    if view.status == Status.REFUSED:
        raise _refused(view)
    return Reply(202, view)


_REFUSALS = {
    "insufficient_funds": "the player's available balance does not cover the payout",
    "kyc_required": "the player must be verified before the first payout",
    "limit_exceeded": "the amount is above the limit of a payout",
    "limit_minimum": "the amount is below the minimum of a payout",
}


def _refused(view: views.PayoutView) -> Problem:
    reason = view.decline.reason if view.decline else "refused"
    return Problem(
        422,
        reason.replace("_", "-"),
        "The payout was refused",
        _REFUSALS.get(reason, "a check of ours does not allow it"),
        extra={"payout_id": view.payout_id, "payout_status": view.status},
    )


async def _require_deposit(ask: Write, payout: NewPayment) -> None:
    """Raises Problem `invalid-request` for an intent that is not this player's."""
    intent_id = payout.details["intent_id"]
    if intent_id is None:
        return
    deposit = await ask.parts.registry.payment(intent_id, [payout.brand])
    if deposit is None or deposit.player_id != payout.player_id:
        raise invalid(FieldError("/intent_id", "must be a deposit of this player in this brand"))


def _payout_of(ask: Write, body: CreatePayout) -> tuple[PayoutOrder, NewPayment]:
    """What the run is started with, and version 1 in the registry."""
    money, region = body.amount.money, body.metadata.get("region", DEFAULT_REGION)
    ask.caller.require_amount(money)
    order = PayoutOrder(
        payout_id=new_id(Kind.PAYOUT),
        player=Player(ask.caller.brand(body.metadata.get("brand_id")), body.player_id),
        amount=money,
        method=require_method(body.method, ask.parts.settings),
        destination=body.destination,
        region=region,
        segment=body.metadata.get("player_segment"),
        requester=ask.caller.person,
        trace_id=ask.trace_id,
        hints=body.routing.hints if body.routing else None,
    )
    payment = NewPayment(
        kind=Kind.PAYOUT,
        brand=order.player.brand,
        region=region,
        player_id=body.player_id,
        currency=money.currency,
        amount_minor=money.minor_units,
        method=body.method,
        status=Status.SUBMITTED,
        trace_id=order.trace_id,
        requester=order.requester,
        credential=ask.caller.name,
        details={
            "destination": body.destination,
            "intent_id": body.intent_id,
            **body.labels,
        },
        order=plain(order),
    )
    return order, payment
