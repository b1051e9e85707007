"""Opening a payment: version 1 in the registry, then its run."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

import orjson
from pydantic import TypeAdapter

from activities.registry.requests import NewPayment
from activities.registry.tables import PaymentRow
from api.dependencies import Write
from api.errors import not_found
from workflows.domain.deposits import DepositOrder
from workflows.domain.payments import Kind
from workflows.domain.payouts import PayoutOrder
from workflows.domain.refunds import RefundOrder
from workflows.visibility import Order

_ORDERS: dict[str, TypeAdapter[Any]] = {
    Kind.DEPOSIT: TypeAdapter(DepositOrder),
    Kind.PAYOUT: TypeAdapter(PayoutOrder),
    Kind.REFUND: TypeAdapter(RefundOrder),
}

DEFAULT_REGION = "default"


def new_id(prefix: str) -> str:
    """`in_`, `po_` or `re_` and 122 random bits: nobody guesses another's."""
    return prefix + uuid.uuid4().hex


def plain(order: Order) -> dict[str, Any]:
    """The order as the registry keeps it."""
    kept: dict[str, Any] = orjson.loads(orjson.dumps(order))
    return kept


def order_of(row: PaymentRow) -> Order:
    order: Order = _ORDERS[row.kind].validate_python(row.order)
    return order


async def started(
    ask: Write, payment: NewPayment, order: Order, payment_id: str, first: bool
) -> PaymentRow:
    """Make sure that the payment has its run; give it as it was opened.

    Whoever comes second starts what the first one ordered.
    """
    opened = asdict(payment)
    if not first:
        row = await ask.parts.registry.payment(payment_id, [payment.brand])
        if row is None:
            raise not_found("payment")
        order = order_of(row)
        # As the first one opened it: a repetition has made up its own id, trace and amount.
        opened = {name: getattr(row, name) for name in opened} | {"status": payment.status}
    await ask.parts.runs.start(order)
    return PaymentRow(**opened, id=payment_id, version=1, final=False, facts={})
