"""What callers see of a payment. Every field of a view is there; null means not (yet) true."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, Field

from activities.registry.tables import PaymentRow
from api.http.amounts import AmountOut
from api.http.named import Named, PaymentStatus
from api.http.outcomes import AttemptView, Decline, RouteView, ThreeDSecure, WaitsFor
from workflows.domain import deposits, payouts, published, refunds
from workflows.domain.identity import Kind
from workflows.domain.payments import CaptureMethod
from workflows.domain.records import Record

IntentStatus = Annotated[str, Named("IntentStatus", deposits.Status)]
PayoutStatus = Annotated[str, Named("PayoutStatus", payouts.Status)]
RefundStatus = Annotated[str, Named("RefundStatus", refunds.Status)]


class WhoView(BaseModel):
    """Whoever asked or decided. The same person may hold several credentials."""

    person: str
    credential: str | None = Field(description="the name of the credential that was used")


class Seen(BaseModel):
    """What all payments show. The opening's answer alone has no times: it is given before them."""

    status: PaymentStatus
    final: bool = Field(description="nothing about it will change any more")
    version: int
    amount: AmountOut
    player_id: str
    brand_id: str
    method: str
    psp: str | None
    merchant_account: str | None
    psp_ref: str | None
    decline: Decline | None
    attempts: list[AttemptView] = Field(description="every question that a PSP answered for sure")
    route: RouteView | None
    stop_id: int | None = Field(description="of the stop by hand under which it is parked")
    requested_by: WhoView
    reference: str | None = Field(description="the platform's own")
    metadata: dict[str, str]
    trace_id: str
    created_at: datetime | None = None
    updated_at: datetime | None = None


class _IntentId(BaseModel):
    intent_id: str


class _PayoutId(BaseModel):
    payout_id: str


class _RefundId(BaseModel):
    refund_id: str
    id: str = Field(description="ours, as in the run's name; the same when no name was given")


class ReversalView(BaseModel):
    """What somebody else did with captured money at the PSP: its dashboard, the payer's bank."""

    operation: str = Field(examples=["refund", "chargeback", "chargeback_reversed"])
    psp_ref: str
    amount: AmountOut
    at: str = Field(description="RFC 3339, the PSP's clock")


class IntentView(Seen, _IntentId):
    status: IntentStatus
    region: str
    capture_method: CaptureMethod
    return_url: str
    last_four: str | None = Field(description="of the card, as the platform gave them")
    eci: str | None
    cavv: str | None
    three_ds: ThreeDSecure | None
    redirect_url: str | None
    captured: AmountOut | None
    capture_id: str | None
    reversals: list[ReversalView] = Field(
        description="captured money that left the PSP without us, or came back"
    )


class PayoutView(Seen, _PayoutId):
    status: PayoutStatus
    region: str
    destination: str
    intent_id: str | None = Field(description="the deposit whose money it pays back")
    decided_by: WhoView | None = Field(description="the second person, whatever they decided")
    decision_reason: str | None
    postponed_until: str | None
    waits_for: WaitsFor | None = Field(description="null: it does not wait for anybody")


class RefundView(Seen, _RefundId):
    status: RefundStatus
    intent_id: str
    capture_id: str
    reason: str | None


VIEWS: Mapping[Kind, type[BaseModel]] = {
    Kind.DEPOSIT: IntentView,
    Kind.PAYOUT: PayoutView,
    Kind.REFUND: RefundView,
}


def intent(row: PaymentRow, record: Record | None = None) -> IntentView:
    """As the registry has it; with a record, as the run has just told it."""
    return IntentView.model_validate(published.answer_of(_version(row, record)))


def payout(row: PaymentRow, record: Record | None = None) -> PayoutView:
    """Of the row, or of the newer record, as for an intent."""
    return PayoutView.model_validate(published.answer_of(_version(row, record)))


def refund(row: PaymentRow, record: Record | None = None) -> RefundView:
    """Of the row, or of the newer record, as for an intent."""
    return RefundView.model_validate(published.answer_of(_version(row, record)))


def seen(row: PaymentRow) -> dict[str, Any]:
    """What payments of every kind show."""
    return published.seen(_version(row, None))


def _version(row: PaymentRow, record: Record | None) -> published.PaymentVersion:
    """As the registry has it, or as its run has just recorded it."""
    now = record or row
    at = datetime.fromisoformat(record.at) if record else row.updated_at
    return published.PaymentVersion(
        **{name: getattr(row, name) for name in published.AS_OPENED},
        payment_id=row.id,
        number=now.version,
        status=now.status,
        final=now.final,
        facts=orjson.loads(orjson.dumps(record.facts)) if record else row.facts,
        opened_at=row.created_at,
        at=at,
    )
