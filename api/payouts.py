"""Payouts: ask for one, decide on one, cancel, look."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from activities.registry.requests import Claim, NewPayment
from activities.registry.tables import PaymentRow
from api import views
from api.amounts import AmountIn
from api.bodies import Body, json_body
from api.commands import accepted, commanded, owned, told
from api.dependencies import AnyRead, ApproverWrite, CashierWrite, PayoutWrite, Write
from api.errors import Problem, four_eyes
from api.idempotency import Reply, once, opened_once
from api.intents import Nothing
from api.listing import Filters, Page, page, shown
from api.openapi import reads, takes, writes
from api.orders import DEFAULT_REGION, new_id, plain, started
from api.routing_hints import HINTS, Hints, without_absent_hints
from api.runs import Command
from api.words import Metadata, Method, Moment, PayoutId, PlayerId, PspToken, Reason, require_method
from workflows.domain.payments import Kind
from workflows.domain.payouts import Approval, Decision, PayoutOrder, Status
from workflows.domain.wallet import Player

router = APIRouter(prefix="/v1/cashier/payouts", tags=["Payouts"])


class CreatePayout(Body):
    player_id: PlayerId
    amount: AmountIn
    method: Method
    destination: PspToken = Field(description="the PSP's token of where to pay")
    metadata: Metadata = Field(default_factory=dict)
    routing: Hints | None = Field(None, description=HINTS)

    @property
    def asked(self) -> dict[str, Any]:
        return without_absent_hints(self)


class Approve(Body):
    decision: Decision = Field(strict=False)
    reason: Reason | None = None
    until: Moment | None = Field(None, description="with postpone alone, at most 30 days ahead")


_EXAMPLE = {
    "player_id": "player-1",
    "amount": {"amount": "20.00", "currency": "EUR"},
    "method": "card",
    "destination": "dst_ok",
    "metadata": {"brand_id": "default", "region": "eu"},
}


@router.post(
    "",
    status_code=202,
    summary="Ask for a payout; its money is held at once",
    responses=writes(views.PayoutView, 202),
    openapi_extra=takes(CreatePayout, _EXAMPLE),
)
async def create(
    ask: PayoutWrite, body: Annotated[CreatePayout, Depends(json_body(CreatePayout))]
) -> Response:
    order, payment = _payout_of(ask, body)
    claim = ask.claim(payment.brand, order.payout_id, body.asked)

    async def act(payout_id: str, first: bool) -> Reply:
        row = await started(ask, payment, order, payout_id, first)
        return await _submitted(ask, row, claim)

    return await opened_once(ask, claim, payment, act)


@router.get("", summary="List payouts, newest first", responses=reads(Page[views.PayoutView]))
async def listed(ask: AnyRead, filters: Annotated[Filters, Depends()]) -> Response:
    return await page(ask, Kind.PAYOUT, filters, views.payout)


@router.get("/{payout_id}", summary="Look at a payout", responses=reads(views.PayoutView))
async def one(ask: AnyRead, payout_id: PayoutId) -> Response:
    return shown(views.payout(await owned(ask, payout_id, "po_", "payout")))


@router.post(
    "/{payout_id}/approvals",
    status_code=201,
    summary="A second person decides: approve, decline or postpone",
    responses=writes(views.PayoutView, 201, 202),
    openapi_extra=takes(Approve, {"decision": "approve", "reason": "documents seen"}),
)
async def approve(
    ask: ApproverWrite,
    payout_id: PayoutId,
    body: Annotated[Approve, Depends(json_body(Approve))],
) -> Response:
    row = await owned(ask, payout_id, "po_", "payout")
    approver = ask.caller.name
    decision = Approval(**body.model_dump(), approver=approver)
    # Bound to the person: another's decision under the same key is another request.
    asked = body.model_dump(mode="json") | {"approver": approver}
    claim = ask.claim(row.brand, row.id, asked)

    async def act(_: str, __: bool) -> Reply:
        if approver == row.requester:
            raise four_eyes()
        return await told(ask, row, Command(row.id, "approve", claim, decision), views.payout)

    return await once(ask, claim, act)


@router.post(
    "/{payout_id}/cancel",
    status_code=201,
    summary="Give the money back, as long as no PSP has been asked",
    responses=writes(views.PayoutView, 201, 202),
    openapi_extra=takes(Nothing, {}, required=False),
)
async def cancel(
    ask: CashierWrite,
    payout_id: PayoutId,
    _: Annotated[Nothing, Depends(json_body(Nothing, optional=True))],
) -> Response:
    row = await owned(ask, payout_id, "po_", "payout")
    return await commanded(ask, row, "cancel", views.payout)


async def _submitted(ask: Write, row: PaymentRow, claim: Claim) -> Reply:
    view = views.payout(*await accepted(ask, row, claim))
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


def _payout_of(ask: Write, body: CreatePayout) -> tuple[PayoutOrder, NewPayment]:
    """What the run is started with, and version 1 in the registry."""
    money, region = body.amount.money, body.metadata.get("region", DEFAULT_REGION)
    order = PayoutOrder(
        payout_id=new_id("po_"),
        player=Player(ask.caller.brand(body.metadata.get("brand_id")), body.player_id),
        amount=money,
        method=require_method(body.method, ask.parts.settings),
        destination=body.destination,
        region=region,
        segment=body.metadata.get("player_segment"),
        requester=ask.caller.name,
        trace_id=ask.trace_id,
        hints=body.routing.hints if body.routing else None,
        checks_stops=True,
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
        details={"destination": body.destination, "metadata": body.metadata},
        order=plain(order),
    )
    return order, payment
