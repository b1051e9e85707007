"""The kinds of payments in one table: what orders each, its states, what is asked for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from . import deposits, payouts, refunds
from .deposits import DepositOrder
from .identity import Kind
from .payouts import PayoutOrder
from .psp import Operation
from .refunds import RefundOrder

PaymentOrder = DepositOrder | PayoutOrder | RefundOrder


@dataclass(frozen=True)
class KindOfPayment:
    order: type[PaymentOrder]
    """The one argument of its run."""
    statuses: type[StrEnum]
    operations: Collection[Operation]
    """Of the instructions that are asked for it."""


KINDS: Mapping[Kind, KindOfPayment] = {
    Kind.DEPOSIT: KindOfPayment(
        DepositOrder,
        deposits.Status,
        (Operation.AUTHORIZE, Operation.CAPTURE, Operation.VOID),
    ),
    Kind.PAYOUT: KindOfPayment(PayoutOrder, payouts.Status, (Operation.PAYOUT,)),
    Kind.REFUND: KindOfPayment(RefundOrder, refunds.Status, (Operation.REFUND,)),
}


def id_of(order: PaymentOrder) -> str:
    match order:
        case DepositOrder():
            return order.intent_id
        case PayoutOrder():
            return order.payout_id
        case RefundOrder():
            return order.refund_id
