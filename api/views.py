"""What callers see of a payment. Every field of a view is there; null means not (yet) true."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import orjson
from pydantic import BaseModel, Field

from activities.registry.tables import PaymentEventRow, PaymentRow
from api.amounts import AmountOut
from api.outcomes import (
    AttemptView,
    Decline,
    RouteView,
    ThreeDSecure,
    attempts_of,
    checks_of,
    decline_of,
    route_of,
)
from workflows.domain.payments import Record


class Seen(BaseModel):
    """What all payments show. The opening's answer alone has no times: it is given before them."""

    status: str
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


class IntentView(Seen, _IntentId):
    region: str
    capture_method: str
    return_url: str
    metadata: dict[str, str]
    eci: str | None
    cavv: str | None
    three_ds: ThreeDSecure | None
    redirect_url: str | None
    captured: AmountOut | None
    capture_id: str | None


class PayoutView(Seen, _PayoutId):
    region: str
    destination: str
    metadata: dict[str, str]
    requester: str
    approver: str | None
    decision_reason: str | None
    postponed_until: str | None


class RefundView(Seen, _RefundId):
    intent_id: str
    capture_id: str


class OneShotView(BaseModel):
    intent_id: str
    status: str
    redirect_url: str | None
    decline: Decline | None


class IntentEvent(BaseModel):
    """One version of an intent, as the event stream gives it."""

    intent_id: str
    version: int
    status: str
    final: bool
    redirect_url: str | None
    capture_id: str | None
    captured: AmountOut | None
    decline: Decline | None
    at: datetime


def intent(row: PaymentRow, record: Record | None = None) -> IntentView:
    facts = _facts(row, record)
    checks: dict[str, Any] = facts.get("authentication") or {}
    return IntentView(
        intent_id=row.id,
        region=row.region,
        capture_method=row.details["capture_method"],
        return_url=row.details["return_url"],
        metadata=row.details["metadata"],
        eci=checks.get("eci"),
        cavv=checks.get("cavv"),
        three_ds=checks_of(facts),
        redirect_url=facts.get("redirect_url"),
        captured=_money(facts.get("captured")),
        capture_id=facts.get("capture_id"),
        **_seen(row, record, facts),
    )


def payout(row: PaymentRow, record: Record | None = None) -> PayoutView:
    facts = _facts(row, record)
    return PayoutView(
        payout_id=row.id,
        region=row.region,
        destination=row.details["destination"],
        metadata=row.details["metadata"],
        requester=row.requester,
        approver=facts.get("approver"),
        decision_reason=facts.get("decision_reason"),
        postponed_until=facts.get("postponed_until"),
        **_seen(row, record, facts),
    )


def refund(row: PaymentRow, record: Record | None = None) -> RefundView:
    return RefundView(
        refund_id=row.refund_id or row.id,
        id=row.id,
        intent_id=row.intent_id or "",
        capture_id=row.details["capture_id"],
        **_seen(row, record, _facts(row, record)),
    )


def one_shot(row: PaymentRow, record: Record | None = None) -> OneShotView:
    shown = intent(row, record)
    return OneShotView(
        intent_id=shown.intent_id,
        status=shown.status,
        redirect_url=shown.redirect_url,
        decline=shown.decline,
    )


def event(row: PaymentEventRow) -> IntentEvent:
    return IntentEvent(
        intent_id=row.payment_id,
        version=row.version,
        status=row.status,
        final=row.final,
        redirect_url=row.facts.get("redirect_url"),
        capture_id=row.facts.get("capture_id"),
        captured=_money(row.facts.get("captured")),
        decline=decline_of(row.facts),
        at=row.at,
    )


def _seen(row: PaymentRow, record: Record | None, facts: dict[str, Any]) -> dict[str, Any]:
    account = facts.get("account") or {}
    seen: dict[str, Any] = {
        "status": record.status if record else row.status,
        "final": record.final if record else row.final,
        "version": record.version if record else row.version,
        "amount": AmountOut.of_minor(row.amount_minor, row.currency),
        "player_id": row.player_id,
        "brand_id": row.brand,
        "method": row.method,
        "psp": account.get("psp"),
        "merchant_account": account.get("id"),
        "psp_ref": facts.get("psp_ref"),
        "decline": decline_of(facts),
        "attempts": attempts_of(facts),
        "route": route_of(facts),
        "stop_id": facts.get("stop_id"),
        "trace_id": row.trace_id,
    }
    return seen | _times(row, record)


def _times(row: PaymentRow, record: Record | None) -> dict[str, Any]:
    created = cast("datetime | None", row.created_at)
    if created is None:
        return {}
    updated = datetime.fromisoformat(record.at) if record else row.updated_at
    return {"created_at": created, "updated_at": updated}


def _facts(row: PaymentRow, record: Record | None) -> dict[str, Any]:
    if record is None:
        return row.facts
    facts: dict[str, Any] = orjson.loads(orjson.dumps(record.facts))
    return facts


def _money(value: dict[str, Any] | None) -> AmountOut | None:
    return AmountOut.of_minor(value["minor_units"], value["currency"]) if value else None
