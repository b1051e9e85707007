"""What Adyen keeps: payments, what was asked of them later, links, payouts."""

from __future__ import annotations

import base64
import secrets
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from infra.local.psps.adyen.cards import Card, CardRefusal

SALES = frozenset(
    [
        "ideal",
        "trustly",
        "blik",
        "pix",
        "swish",
        "mbway",
        "multibanco",
        "paysafecard",
        "bcmc",
        "bcmc_mobile",
        "eps",
        "directEbanking",
        "bizum",
        "iris",
        "onlineBanking_PL",
        "onlineBanking_CZ",
        "onlineBanking_SK",
        "ebanking_FI",
        "paybybank",
        "payto",
        "bankTransfer_IBAN",
        "oxxo",
        "boletobancario",
        "upi_collect",
        "knet",
    ]
)
"""Methods that take the money at once."""
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


def new_reference() -> str:
    """16 characters. Digits stand at the end, so that none passes for a card number or an IBAN."""
    return "".join(secrets.choice(_LETTERS) for _ in range(14)) + "82"


def iso8601(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class ThreeDS:
    """Of a shopper who was authenticated."""

    cavv: str = field(
        default_factory=lambda: base64.b64encode(secrets.token_bytes(20)).decode(), repr=False
    )
    transaction_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Payment:
    """Amounts in Adyen's minor units; `currency` in upper case."""

    account: str
    reference: str
    amount: int
    currency: str
    card: Card
    return_url: str = ""
    captures_at_once: bool = False
    link_id: str = ""
    method: str = "scheme"
    psp_reference: str = field(default_factory=new_reference)
    created: float = field(default_factory=time.time)
    result: str = "RedirectShopper"
    refusal: CardRefusal | None = None
    three_ds: ThreeDS | None = None
    held: int = 0
    """Authorised, and neither captured nor released."""
    captured: int = 0
    refunded: int = 0
    auth_code: str = field(default_factory=lambda: f"{secrets.randbelow(1_000_000):06}")
    page_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    redirect_result: str = field(default_factory=lambda: f"X6Xt{secrets.token_urlsafe(48)}")
    pressed: str = ""
    """What the shopper did on the page: approve, decline, cancel."""

    @property
    def is_sale(self) -> bool:
        return self.method in SALES

    @property
    def named(self) -> str:
        """As webhooks and additional data name the method."""
        return self.card.brand if self.method == "scheme" else self.method

    @property
    def refundable(self) -> int:
        return self.captured - self.refunded


@dataclass(frozen=True)
class Modification:
    """A capture, cancel, refund … that was received; what comes of it is told by webhook."""

    payment: Payment
    amount: int
    reference: str
    """The merchant's for this modification; empty where none was given."""
    key: str
    psp_reference: str = field(default_factory=new_reference)

    @property
    def journal_reference(self) -> str:
        return self.reference or self.key

    @property
    def merchant_reference(self) -> str:
        """In its webhook."""
        return self.reference or self.payment.reference


@dataclass(frozen=True)
class Dispute:
    """Of a payment: all its events have one reference."""

    payment: Payment
    psp_reference: str = field(default_factory=new_reference)


@dataclass
class Transfer:
    """Out of a balance account, to a card or a bank."""

    account: str
    reference: str
    amount: int
    currency: str
    category: str
    counterparty: dict[str, Any]
    fails: bool
    id: str = field(default_factory=new_reference)
    created: float = field(default_factory=time.time)
    statuses: list[tuple[str, str]] = field(default_factory=lambda: [("received", "pending")])
    """Each with its reason, the latest last."""

    @property
    def status(self) -> str:
        return self.statuses[-1][0]


@dataclass
class Payout:
    account: str
    reference: str
    amount: int
    currency: str
    fails: bool
    psp_reference: str = field(default_factory=new_reference)
    created: float = field(default_factory=time.time)
    state: str = "submitted"
    """submitted, confirmed, paid, failed, declined, expired, reversed."""


@dataclass
class Link:
    account: str
    reference: str
    amount: int
    currency: str
    expires_at: float
    return_url: str = ""
    reusable: bool = False
    captures_at_once: bool = False
    method: str = "scheme"
    repeated: dict[str, str] = field(default_factory=dict)
    """What else the answer repeats: description, shopperReference …"""
    id: str = field(default_factory=lambda: f"PL{secrets.token_hex(8).upper()}")
    ended: str = ""
    """completed or expired, by what somebody did."""

    @property
    def status(self) -> str:
        return self.ended or ("expired" if self.expires_at <= time.time() else "active")


@dataclass
class Session:
    account: str
    reference: str
    amount: int
    currency: str
    return_url: str
    expires_at: float
    captures_at_once: bool = False
    id: str = field(default_factory=lambda: f"CS{secrets.token_hex(8).upper()}")
    result: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    """What the shopper comes back with."""
    payment: Payment | None = None
    ended: str = ""
    """completed, refused or canceled."""

    @property
    def status(self) -> str:
        return self.ended or ("expired" if self.expires_at <= time.time() else "active")
