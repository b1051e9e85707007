"""What our own books are asked about an order before its money moves."""

from __future__ import annotations

from temporalio import workflow

from workflows.domain.clearance import ClearanceRequest
from workflows.domain.deposits import DepositOrder
from workflows.domain.identity import Kind
from workflows.domain.orders import id_of
from workflows.domain.payments import MoveRequest, RouteRequest, RoutingHints, Stoppable
from workflows.domain.payouts import PayoutOrder
from workflows.domain.psp import MerchantAccount
from workflows.domain.risk import ScreenRequest

Order = DepositOrder | PayoutOrder
_NOTHING = RoutingHints()


def screening_of(order: Order) -> ScreenRequest:
    """May it go on, as of now? Of risk and compliance."""
    return ScreenRequest(
        kind=_kind_of(order),
        player=order.player,
        amount=order.amount,
        method=order.method,
        region=order.region,
        segment=order.segment,
        as_of=workflow.now().isoformat(),
        payment_id=id_of(order),
    )


def clearance_of(order: DepositOrder) -> ClearanceRequest:
    """May it go on, and where is it asked?"""
    return ClearanceRequest(screen=screening_of(order), route=routing_of(order))


def routing_of(order: Order, number: int = 1) -> RouteRequest:
    """Where is it asked? `number` counts the times that one payment is routed, from 1."""
    return RouteRequest(
        kind=_kind_of(order),
        brand=order.player.brand,
        region=order.region,
        method=order.method,
        currency=order.amount.currency,
        payment_id=id_of(order),
        player_id=order.player.id,
        amount=order.amount,
        segment=order.segment,
        facts=order.hints or _NOTHING,
        number=number,
    )


def moving_of(order: Order, account: MerchantAccount | None) -> MoveRequest:
    """Is it stopped by hand? Without an `account`: at all of them."""
    return MoveRequest(
        payment_id=id_of(order),
        kind=_kind_of(order),
        account=account,
        brand=order.player.brand,
        region=order.region,
        operation=Stoppable.CAPTURES if isinstance(order, DepositOrder) else Stoppable.PAYOUTS,
        player_id=order.player.id,
    )


def _kind_of(order: Order) -> Kind:
    return Kind.DEPOSIT if isinstance(order, DepositOrder) else Kind.PAYOUT
