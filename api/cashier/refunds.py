"""Refunds of a capture, in full or in part."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from activities.registry.claims import Claim
from activities.registry.new_payment import NewPayment
from activities.registry.tables import PaymentRow
from api.cashier.commands import accepted
from api.cashier.labels import Labelled
from api.cashier.lists import OfIntent, PaymentFilters, filters_by, page
from api.cashier.orders import new_id, opened, plain
from api.cashier.parts import AnyRead, CashierWrite, Write
from api.http import payment_views as views
from api.http.amounts import AmountIn
from api.http.endpoint import Endpoint
from api.http.errors import FieldError, Problem, invalid, not_found
from api.http.fields import CaptureId, Reason, RefundName, is_of, is_of_a_capture
from api.http.idempotency import Reply, opened_once
from api.http.listing import Page, shown
from api.http.openapi import reads, writes
from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount
from workflows.domain.refunds import RefundOrder, Status
from workflows.domain.unasked import left_after
from workflows.domain.wallet import Player
from workflows.starting import Order

ListFilters = Annotated[PaymentFilters, Depends(filters_by(views.RefundStatus))]

router = APIRouter(prefix="/v1/cashier", tags=["Refunds"], route_class=Endpoint)


class CreateRefund(
    Labelled,
    example={
        "refund_id": "refund-1",
        "amount": {"amount": "10.00", "currency": "EUR"},
        "reason": "the player asked for it",
        "reference": "ticket-77",
    },
    optional=True,
):
    refund_id: RefundName | None = Field(None, description="your name of it, unique in the brand")
    amount: AmountIn | None = Field(None, description="without it, what is left of the capture")
    reason: Reason | None = Field(None, description="why, for whoever looks at it later")


@router.post(
    "/captures/{capture_id}/refunds",
    status_code=202,
    summary="Give a capture back, or a part of it",
    responses=writes(views.RefundView, 202),
)
async def create(ask: CashierWrite, capture_id: CaptureId, body: CreateRefund) -> Response:
    captured = await _captured(ask, capture_id)
    amount = await _amount(ask, captured, body)
    order, payment = _refund_of(ask, captured, amount, body)
    claim = ask.claim(payment.brand, order.refund_id, body.model_dump(mode="json"))

    async def act(refund_id: str, first: bool) -> Reply:
        return await _submitted(ask, *await opened(ask, payment, order, refund_id, first), claim)

    return await opened_once(ask, claim, payment, act)


@router.get("/refunds", summary="List refunds", responses=reads(Page[views.RefundView]))
async def listed(
    ask: AnyRead,
    filters: ListFilters,
    intent_id: OfIntent = None,
) -> Response:
    return await page(ask, Kind.REFUND, filters, views.refund, intent_id)


@router.get("/refunds/{refund_id}", summary="Look at a refund", responses=reads(views.RefundView))
async def one(ask: AnyRead, refund_id: RefundName) -> Response:
    brands = ask.caller.brands
    row = await ask.parts.registry.by_refund_id(refund_id, brands)
    if row is None and is_of(refund_id, Kind.REFUND):
        row = await ask.parts.registry.payment(refund_id, brands)
    if row is None:
        raise not_found("refund")
    return shown(views.refund(row))


async def _captured(ask: Write, capture_id: str) -> PaymentRow:
    row = None
    if is_of_a_capture(capture_id):
        row = await ask.parts.registry.by_capture(capture_id, ask.caller.brands)
    if row is None:
        raise not_found("capture")
    return row


async def _amount(ask: Write, captured: PaymentRow, body: CreateRefund) -> Money:
    whole = Money(captured.facts["captured"]["minor_units"], captured.currency)
    if body.amount is not None:
        if body.amount.currency != whole.currency:
            raise invalid(FieldError("/amount/currency", "must be the currency of the capture"))
        return body.amount.money
    given_back = await ask.parts.registry.refunded_minor(captured.id)
    left = left_of(captured.facts) - given_back
    # With nothing left the whole is asked for, and refused by the wallet like any other excess.
    return Money(left, whole.currency) if left > 0 else whole


async def _submitted(ask: Write, row: PaymentRow, order: Order, claim: Claim) -> Reply:
    view = views.refund(*await accepted(ask, row, order, claim))
    if view.status == Status.REFUSED:
        raise _refused(view)
    return Reply(202, view)


def left_of(facts: dict[str, Any]) -> int:
    """Minor units of what was captured that the PSP has not taken back without us."""
    moved = (
        (each["operation"], each["psp_ref"], each["amount"]["minor_units"])
        for each in facts.get("reversals") or ()
    )
    return left_after(int(facts["captured"]["minor_units"]), moved)


_REFUSALS = {
    "exceeds_credit": ("refund-exceeds-capture", "all refunds together stay within the capture"),
    "insufficient_funds": ("insufficient-funds", "the player's balance does not cover the refund"),
}


def _refused(view: views.RefundView) -> Problem:
    reason = view.decline.reason if view.decline else "refused"
    slug, detail = _REFUSALS.get(reason, (reason.replace("_", "-"), "the refund was refused"))
    refund = {"refund_id": view.refund_id, "refund_status": view.status}
    return Problem(422, slug, "The refund was refused", detail, extra=refund)


def _refund_of(
    ask: Write, captured: PaymentRow, amount: Money, body: CreateRefund
) -> tuple[RefundOrder, NewPayment]:
    """What the run is started with, and version 1 in the registry."""
    ask.caller.require_amount(amount)
    name = body.refund_id
    if name is not None and is_of(name, Kind.REFUND):
        raise invalid(FieldError("/refund_id", "must not look like an id of ours"))
    order = RefundOrder(
        refund_id=new_id(Kind.REFUND),
        intent_id=captured.id,
        player=Player(captured.brand, captured.player_id),
        amount=amount,
        account=MerchantAccount(**captured.facts["account"]),
        capture_ref=captured.facts["capture_ref"],
        trace_id=ask.trace_id,
        authorization_ref=captured.facts.get("psp_ref"),
    )
    payment = NewPayment(
        kind=Kind.REFUND,
        brand=captured.brand,
        region=captured.region,
        player_id=captured.player_id,
        currency=amount.currency,
        amount_minor=amount.minor_units,
        method=captured.method,
        status=Status.SUBMITTED,
        trace_id=order.trace_id,
        requester=ask.caller.person,
        credential=ask.caller.name,
        details={"capture_id": captured.capture_id, "reason": body.reason, **body.labels},
        order=plain(order),
        intent_id=captured.id,
        refund_id=name or order.refund_id,
    )
    return order, payment
