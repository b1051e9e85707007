"""What a payment was opened with, for the run that takes over when its own was lost."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .deposits import DepositOrder
from .payouts import PayoutOrder
from .refunds import RefundOrder


@dataclass(frozen=True, kw_only=True)
class Reopened:
    """One of the three orders, as the registry keeps it."""

    deposit: DepositOrder | None = None
    payout: PayoutOrder | None = None
    refund: RefundOrder | None = None


def reopened(known: Reopened) -> DepositOrder | PayoutOrder | RefundOrder:
    """The order of the new run: it goes on."""
    order = known.deposit or known.payout or known.refund
    if order is None:
        raise AssertionError("a payment was opened with an order")
    return replace(order, rebuilt=True)
