"""What operators see of a stop: before it is set, while it lasts, and while it drains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel, Field

from activities.routing.stopping.stop import Stop, StopEvent, Waiting, What
from api.http.amounts import AmountOut
from api.http.named import PaymentStatus
from api.routing.parts import Write
from api.routing.scope import accounts_of, named
from workflows.domain.payments import Stoppable
from workflows.domain.routing.accounts import (
    MerchantAccountProfile,
    key_of_account,
)
from workflows.domain.routing.stop_scope import StopScope


class ScopeView(BaseModel):
    """null stands for all."""

    operation: Stoppable
    psp: str | None
    merchant_account: str | None
    brand_id: str | None
    region: str | None


class StopView(ScopeView):
    id: int
    reason: str
    set_by: str
    set_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    drain_per_second: float | None = Field(description="once it is lifted")
    waiting: int = Field(description="payments that are parked and not yet let go")
    released: int = Field(description="payments that were parked and have been let go")


class StopPreview(ScopeView):
    confirmed: bool = Field(description="false: nothing is stopped")
    payments: int = Field(
        description="holds that are not captured, or payouts that are not sent, at these accounts"
    )
    amounts: list[AmountOut] = Field(description="of these payments, by currency")
    not_routed: int = Field(description="payments besides that may still be sent there")
    new_payments: str = Field(description="in words")
    excluded: list[str] = Field(description="accounts to which no new payment would be routed")
    left: list[str] = Field(description="active accounts that would be left")


class StopEventView(BaseModel):
    what: What = Field(description="rate: lifted before, faster or slower now")
    reason: str
    drain_per_second: float | None
    by: str
    at: datetime


class WaitingView(BaseModel):
    payment_id: str
    brand_id: str
    amount: AmountOut
    status: PaymentStatus
    parked_at: datetime


class StopWithPayments(StopView):
    history: list[StopEventView]
    payments: list[WaitingView] = Field(description="that wait, the oldest first; at most 200")


async def preview(ask: Write, scope: StopScope) -> StopPreview:
    """What it would touch at this moment; nothing is stopped."""
    touched = await ask.parts.stops.touched(scope)
    serving = [
        profile
        for profile in accounts_of(ask, await ask.parts.snapshots.latest())
        if scope.concerns(profile)
    ]
    excluded = [_name(one) for one in serving if scope.stops(one)]
    left = [_name(one) for one in serving if not scope.stops(one)]
    return StopPreview(
        **_scope(scope),
        confirmed=False,
        payments=touched.payments,
        amounts=_amounts(touched.amounts),
        not_routed=touched.unrouted,
        new_payments=_in_words(scope, len(excluded), len(left)),
        excluded=excluded,
        left=left,
    )


def view(stop: Stop) -> StopView:
    return StopView(**_told(stop))


def with_payments(
    stop: Stop, events: Sequence[StopEvent], waiting: Sequence[Waiting]
) -> StopWithPayments:
    """`waiting` is shown as given: it must be of the caller's brands."""
    return StopWithPayments(
        **_told(stop),
        history=[StopEventView.model_validate(one, from_attributes=True) for one in events],
        payments=[
            WaitingView(
                payment_id=one.payment_id,
                brand_id=one.brand,
                amount=AmountOut.of_minor(one.minor_units, one.currency),
                status=one.status,
                parked_at=one.parked_at,
            )
            for one in waiting
        ],
    )


def _told(stop: Stop) -> dict[str, object]:
    return {
        **_scope(stop),
        "id": stop.id,
        "reason": stop.reason,
        "set_by": stop.set_by,
        "set_at": stop.set_at,
        "lifted_by": stop.lifted_by,
        "lifted_at": stop.lifted_at,
        "drain_per_second": stop.drain_per_second,
        "waiting": stop.waiting,
        "released": stop.released,
    }


def _scope(scope: StopScope) -> dict[str, object]:
    return {
        "operation": scope.operation,
        "psp": named(scope.psp),
        "merchant_account": named(scope.account),
        "brand_id": named(scope.brand),
        "region": named(scope.region),
    }


def _in_words(scope: StopScope, excluded: int, left: int) -> str:
    noun = scope.kind.value
    if not excluded:
        return f"no account takes such {noun}s: new ones go as before"
    if left:
        count = "1 is" if left == 1 else f"{left} are"
        return f"new {noun}s go to the other accounts: {count} left"
    if scope.operation is Stoppable.PAYOUTS:
        return "no account would be left: new payouts wait until the stop is lifted"
    return "no account would be left: new deposits are refused until the stop is lifted"


def _amounts(amounts: Mapping[str, int]) -> list[AmountOut]:
    return [AmountOut.of_minor(minor, currency) for currency, minor in sorted(amounts.items())]


def _name(profile: MerchantAccountProfile) -> str:
    return key_of_account(profile.account)
