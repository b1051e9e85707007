"""A refund: bounded by what was captured, held at the wallet, returned by the PSP."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .money import Money
from .psp import MerchantAccount
from .wallet import Player


class Status(StrEnum):
    SUBMITTED = "REFUND_SUBMITTED"
    CLARIFYING = "REFUND_CLARIFYING"
    PROCESSED = "REFUND_PROCESSED"
    FAILED = "REFUND_FAILED"
    REFUSED = "REFUND_REFUSED"
    """We would not: beyond what was captured, or the money has been played."""
    RETURNED = "REFUND_RETURNED"
    """It was refunded, and the money came back."""


NEXT: dict[Status, set[Status]] = {
    Status.SUBMITTED: {
        Status.SUBMITTED,
        Status.CLARIFYING,
        Status.PROCESSED,
        Status.FAILED,
        Status.REFUSED,
    },
    Status.CLARIFYING: {Status.CLARIFYING, Status.PROCESSED, Status.FAILED},
    Status.PROCESSED: set(),
    Status.FAILED: set(),
    Status.REFUSED: set(),
    Status.RETURNED: set(),
}


@dataclass(frozen=True, kw_only=True)
class RefundOrder:
    refund_id: str
    intent_id: str
    player: Player
    amount: Money
    account: MerchantAccount
    capture_ref: str
    """The PSP's id of the capture."""
    trace_id: str
    authorization_ref: str | None = None
    rebuilt: bool = False
    """Its run was lost: this one goes on from what the books say and what was asked of PSPs."""
