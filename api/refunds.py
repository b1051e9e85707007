"""Refunds of a capture, in full or in part."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from activities.registry.requests import Claim, NewPayment
from activities.registry.tables import PaymentRow
from api import views
from api.amounts import AmountIn
from api.bodies import Body, json_body
from api.commands import accepted
from api.dependencies import AnyRead, CashierWrite, Write
from api.errors import FieldError, Problem, invalid, not_found
from api.idempotency import Reply, opened_once
from api.listing import Filters, Page, page, shown
from api.openapi import reads, takes, writes
from api.orders import new_id, plain, started
from api.words import CaptureId, RefundName, is_ours
from workflows.domain.money import Money
from workflows.domain.payments import Kind
from workflows.domain.psp import MerchantAccount
from workflows.domain.refunds import RefundOrder, Status
from workflows.domain.wallet import Player

router = APIRouter(prefix="/v1/cashier", tags=["Refunds"])


class CreateRefund(Body):
    refund_id: RefundName | None = Field(None, description="your name of it, unique in the brand")
    amount: AmountIn | None = Field(None, description="without it, what is left of the capture")


@router.post(
    "/captures/{capture_id}/refunds",
    status_code=202,
    summary="Give a capture back, or a part of it",
    responses=writes(views.RefundView, 202),
    openapi_extra=takes(
        CreateRefund,
        {"refund_id": "refund-1", "amount": {"amount": "10.00", "currency": "EUR"}},
        required=False,
    ),
)
async def create(
    ask: CashierWrite,
    capture_id: CaptureId,
    body: Annotated[CreateRefund, Depends(json_body(CreateRefund, optional=True))],
) -> Response:
    captured = await _captured(ask, capture_id)
    amount = await _amount(ask, captured, body)
    order, payment = _refund_of(ask, captured, amount, body.refund_id)
    claim = ask.claim(payment.brand, order.refund_id, body.model_dump(mode="json"))

    async def act(refund_id: str, first: bool) -> Reply:
        row = await started(ask, payment, order, refund_id, first)
        return await _submitted(ask, row, claim)

    return await opened_once(ask, claim, payment, act)


@router.get("/refunds", summary="List refunds", responses=reads(Page[views.RefundView]))
async def listed(ask: AnyRead, filters: Annotated[Filters, Depends()]) -> Response:
    return await page(ask, Kind.REFUND, filters, views.refund)


@router.get("/refunds/{refund_id}", summary="Look at a refund", responses=reads(views.RefundView))
async def one(ask: AnyRead, refund_id: RefundName) -> Response:
    brands = ask.caller.brands
    row = await ask.parts.registry.by_refund_id(refund_id, brands)
    if row is None and is_ours(refund_id, "re_"):
        row = await ask.parts.registry.payment(refund_id, brands)
    if row is None:
        raise not_found("refund")
    return shown(views.refund(row))


async def _captured(ask: Write, capture_id: str) -> PaymentRow:
    row = None
    if is_ours(capture_id, "cap_"):
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
    left = whole.minor_units - given_back
    # With nothing left the whole is asked for, and refused by the wallet like any other excess.
    return Money(left, whole.currency) if left > 0 else whole


async def _submitted(ask: Write, row: PaymentRow, claim: Claim) -> Reply:
    view = views.refund(*await accepted(ask, row, claim))
    if view.status == Status.REFUSED:
        raise _refused(view)
    return Reply(202, view)


_REFUSALS = {
    "exceeds_credit": ("refund-exceeds-capture", "all refunds together stay within the capture"),
    "insufficient_funds": ("insufficient-funds", "the player's balance does not cover the refund"),
}


def _refused(view: views.RefundView) -> Problem:
    reason = view.decline.reason if view.decline else "refused"
    slug, detail = _REFUSALS.get(reason, (reason.replace("_", "-"), "the refund was refused"))
    told = {"refund_id": view.refund_id, "refund_status": view.status}
    return Problem(422, slug, "The refund was refused", detail, extra=told)


def _refund_of(
    ask: Write, captured: PaymentRow, amount: Money, name: str | None
) -> tuple[RefundOrder, NewPayment]:
    """What the run is started with, and version 1 in the registry."""
    if name is not None and is_ours(name, "re_"):
        raise invalid(FieldError("/refund_id", "must not look like an id of ours"))
    order = RefundOrder(
        refund_id=new_id("re_"),
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
        requester=ask.caller.name,
        details={"capture_id": captured.capture_id},
        order=plain(order),
        intent_id=captured.id,
        refund_id=name or order.refund_id,
    )
    return order, payment
