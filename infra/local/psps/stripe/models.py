"""What Stripe keeps: payment intents, their charges, refunds, balance transactions."""

from __future__ import annotations

import secrets
import string
import time
from dataclasses import dataclass, field
from typing import Any

from infra.local.psps.stripe.cards import Card, Decline

_ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    """As Stripe makes them: hexadecimal ones would now and then pass for a card number."""
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(24))}"


def _now() -> int:
    return int(time.time())


@dataclass(frozen=True)
class ThreeDS:
    flow: str
    """challenge or frictionless."""
    result: str
    """authenticated or attempt_acknowledged."""
    eci: str
    transaction_id: str


@dataclass
class Charge:
    amount: int
    currency: str
    payment_method: str
    card: Card
    decline: Decline | None
    three_ds: ThreeDS | None
    id: str = field(default_factory=lambda: new_id("ch"))
    created: int = field(default_factory=_now)
    captured: int = 0
    refunded: int = 0
    """Given back, or released by a cancel."""
    disputed: bool = False
    balance_transaction: str | None = None
    auth_code: str = field(default_factory=lambda: secrets.token_hex(3).upper())


@dataclass
class Intent:
    """Amounts in Stripe's units; `currency` in upper case."""

    account: str
    amount: int
    currency: str
    capture_method: str
    key: str
    """The Idempotency-Key of the request that confirmed it last."""
    metadata: dict[str, str]
    description: str | None = None
    method_types: tuple[str, ...] = ("card",)
    return_url: str | None = None
    payment_method: str | None = None
    status: str = "requires_payment_method"
    id: str = field(default_factory=lambda: new_id("pi"))
    created: int = field(default_factory=_now)
    charge: Charge | None = None
    last_error: dict[str, Any] | None = None
    canceled_at: int | None = None
    cancellation_reason: str | None = None
    client_secret: str = field(default_factory=lambda: new_id("secret"))

    @property
    def capturable(self) -> int:
        return self.amount if self.status == "requires_capture" else 0


@dataclass
class Session:
    """A page of Checkout's for one payment."""

    account: str
    amount: int
    currency: str
    capture_method: str
    key: str
    """The Idempotency-Key of the request that made it."""
    reference: str | None
    metadata: dict[str, str]
    intent_metadata: dict[str, str]
    method_types: tuple[str, ...]
    success_url: str
    cancel_url: str | None
    expires_at: int
    status: str = "open"
    intent: Intent | None = None
    """Once the player has tried to pay."""
    id: str = field(default_factory=lambda: new_id("cs_test"))
    created: int = field(default_factory=_now)


@dataclass
class Refund:
    account: str
    intent: Intent
    charge: Charge
    amount: int
    key: str
    metadata: dict[str, str]
    reason: str | None
    status: str
    id: str = field(default_factory=lambda: new_id("re"))
    created: int = field(default_factory=_now)
    failure_reason: str | None = None
    balance_transaction: str | None = None


@dataclass(frozen=True)
class BalanceTransaction:
    account: str
    type: str
    source: str
    amount: int
    fee: int
    currency: str
    id: str = field(default_factory=lambda: new_id("txn"))
    created: int = field(default_factory=_now)
    category: str = ""
    """The reporting category."""


@dataclass
class Dispute:
    account: str
    intent: Intent
    charge: Charge
    amount: int
    status: str = "needs_response"
    moves: list[BalanceTransaction] = field(default_factory=list)
    id: str = field(default_factory=lambda: new_id("dp"))
    created: int = field(default_factory=_now)
