"""Opening a payment: version 1 in the registry, and the order with which its run begins."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

import orjson

from activities.registry.new_payment import NewPayment
from activities.registry.orders import read_order
from activities.registry.tables import PaymentRow
from api.cashier.parts import Write
from api.http.errors import not_found
from workflows.domain.identity import PREFIXES, Kind
from workflows.starting import Order

DEFAULT_REGION = "default"


def new_id(kind: Kind) -> str:
    """Its prefix and 122 random bits: nobody guesses another's."""
    return PREFIXES[kind] + uuid.uuid4().hex


def plain(order: Order) -> dict[str, Any]:
    """The order as the registry keeps it."""
    kept: dict[str, Any] = orjson.loads(orjson.dumps(order))
    return kept


def order_of(row: PaymentRow) -> Order:
    """The way back from `plain`, out of a row of the registry."""
    return read_order(row.kind, row.order)


async def opened(
    ask: Write, payment: NewPayment, order: Order, payment_id: str, first: bool
) -> tuple[PaymentRow, Order]:
    """The payment as it was opened, and what was ordered by the first one, whoever comes second."""
    known = asdict(payment)
    if not first:
        row = await ask.parts.registry.payment(payment_id, [payment.brand])
        if row is None:
            raise not_found("payment")
        order = order_of(row)
        # As the first one opened it: a repetition has made up its own id, trace and amount.
        known = {name: getattr(row, name) for name in known} | {"status": payment.status}
    return PaymentRow(**known, id=payment_id, version=1, final=False, facts={}), order
