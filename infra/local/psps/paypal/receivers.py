"""Receivers of payouts: these play a part, any other well-formed one is paid."""

from __future__ import annotations

import re
from dataclasses import dataclass

OK = "PAYEE23456789"
CLOSED = "CLSEDACCNT234"
UNCLAIMED = "NCLAMEDPAYEE2"
RETURNED = "RETURNEDPAYEE"
HELD = "HELDPAYEE2345"
DENIED = "DENYEDPAYEE23"

_PAYER_ID = re.compile(r"[2-9A-HJ-NP-Z]{13}")


@dataclass(frozen=True)
class Ending:
    """What becomes of an item, in PayPal's words."""

    status: str
    error: str | None = None
    comes_back: bool = False
    """Unclaimed: returned by itself after a moment, not after thirty days."""


MESSAGES = {
    "RECEIVER_ACCOUNT_INVALID": "The receiver's account does not exist.",
    "RECEIVER_ACCOUNT_LOCKED": "The receiver's account is inactive or restricted.",
    "RECEIVER_UNREGISTERED": "Receiver is unregistered.",
    "REGULATORY_BLOCKED": "The payout is blocked by regulation.",
    "PENDING_COMPLIANCE_REVIEW": "The payout is under review.",
}
_ENDINGS = {
    CLOSED: Ending("FAILED", "RECEIVER_ACCOUNT_LOCKED"),
    UNCLAIMED: Ending("UNCLAIMED", "RECEIVER_UNREGISTERED"),
    RETURNED: Ending("UNCLAIMED", "RECEIVER_UNREGISTERED", comes_back=True),
    HELD: Ending("ONHOLD", "PENDING_COMPLIANCE_REVIEW"),
    DENIED: Ending("DENIED", "REGULATORY_BLOCKED"),
}


def ending(receiver: str, recipient_type: str) -> Ending:
    if recipient_type == "PAYPAL_ID" and _PAYER_ID.fullmatch(receiver) is None:
        return Ending("FAILED", "RECEIVER_ACCOUNT_INVALID")
    return _ENDINGS.get(receiver, Ending("SUCCESS"))
