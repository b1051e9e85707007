"""What our own books are asked about an order before its money moves."""

from __future__ import annotations

from temporalio import workflow

from .domain.deposits import DepositOrder
from .domain.payments import Kind, Movement, MoveRequest, RouteRequest, RoutingHints, ScreenRequest
from .domain.payouts import PayoutOrder
from .domain.psp import MerchantAccount
from .visibility import id_of

Order = DepositOrder | PayoutOrder
_NOTHING = RoutingHints()


def screening_of(order: Order) -> ScreenRequest:
    return ScreenRequest(
        kind=_kind_of(order),
        player=order.player,
        amount=order.amount,
        method=order.method,
        region=order.region,
        segment=order.segment,
        as_of=workflow.now().isoformat(),
    )


def routing_of(order: Order, number: int = 1) -> RouteRequest:
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
    return MoveRequest(
        payment_id=id_of(order),
        kind=_kind_of(order),
        account=account,
        brand=order.player.brand,
        region=order.region,
        operation=Movement.CAPTURES if isinstance(order, DepositOrder) else Movement.PAYOUTS,
    )


def _kind_of(order: Order) -> Kind:
    return Kind.DEPOSIT if isinstance(order, DepositOrder) else Kind.PAYOUT
