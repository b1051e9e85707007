"""Orders of payments as a platform gives them, each with an id of its own."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.sealing import sealed
from workflows.domain.deposits import AuthorizeCommand, DepositOrder, FirstCommand
from workflows.domain.identity import Kind, workflow_id
from workflows.domain.money import Money
from workflows.domain.payments import CaptureMethod
from workflows.domain.payouts import PayoutOrder
from workflows.domain.psp import MerchantAccount
from workflows.domain.refunds import RefundOrder
from workflows.domain.wallet import Player

PLAYER = Player("acme", "player-1")
FIFTY = Money(5000, "EUR")


def deposit(*, expires_in_seconds: float = 1800, **changes: Any) -> DepositOrder:
    expires = datetime.now(UTC) + timedelta(seconds=expires_in_seconds)
    order: dict[str, Any] = {
        "intent_id": f"in_{uuid.uuid4().hex}",
        "player": PLAYER,
        "amount": FIFTY,
        "method": "card",
        "region": "MT",
        "segment": None,
        "return_url": "https://casino.example/back",
        "capture_method": CaptureMethod.AUTOMATIC,
        "payment_token": "tok_ok",
        "trace_id": "trace-1",
        "expires_at": expires.isoformat(timespec="milliseconds"),
    }
    return DepositOrder(**(order | changes))


def payout(**changes: Any) -> PayoutOrder:
    order: dict[str, Any] = {
        "payout_id": f"po_{uuid.uuid4().hex}",
        "player": PLAYER,
        "amount": FIFTY,
        "method": "bank",
        "destination": "dst_ok",
        "region": "MT",
        "segment": None,
        "requester": "platform-1",
        "trace_id": "trace-1",
    }
    return PayoutOrder(**(order | changes))


def refund(psp: str, **changes: Any) -> RefundOrder:
    order: dict[str, Any] = {
        "refund_id": f"re_{uuid.uuid4().hex}",
        "intent_id": f"in_{uuid.uuid4().hex}",
        "player": PLAYER,
        "amount": FIFTY,
        "account": MerchantAccount(psp, "first"),
        "capture_ref": "psp-capture",
        "trace_id": "trace-1",
    }
    return RefundOrder(**(order | changes))


def beginning_with(order: DepositOrder, first: AuthorizeCommand) -> DepositOrder:
    """As the API starts its run with the first command."""
    name = workflow_id(Kind.DEPOSIT, order.intent_id)
    _, seal = sealed(name, "authorize", first)
    return replace(order, first=FirstCommand(authorize=first, seal=seal))
