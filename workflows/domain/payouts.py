"""A payout: checked, held, approved where a second person must, paid by the PSP, settled."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .money import Money
from .payments import RoutingHints
from .wallet import Player


class Status(StrEnum):
    SUBMITTED = "PAYOUT_SUBMITTED"
    AWAITING_APPROVAL = "PAYOUT_AWAITING_APPROVAL"
    POSTPONED = "PAYOUT_POSTPONED"
    PARKED = "PAYOUT_PARKED"
    """To be paid, and payouts are stopped by hand."""
    PROCESSING = "PAYOUT_PROCESSING"
    """The PSP has it; its word on the end is awaited."""
    CLARIFYING = "PAYOUT_CLARIFYING"
    SETTLED = "PAYOUT_SETTLED"
    FAILED = "PAYOUT_FAILED"
    REFUSED = "PAYOUT_REFUSED"
    """We would not: a check or the balance said no. Nothing moved."""
    DECLINED = "PAYOUT_DECLINED"
    """An approver said no."""
    CANCELLED = "PAYOUT_CANCELLED"
    EXPIRED = "PAYOUT_EXPIRED"
    """Nobody decided in time."""
    RETURNED = "PAYOUT_RETURNED"
    """It was paid, and the money came back."""


_AT_PSP = {Status.PROCESSING, Status.CLARIFYING, Status.SETTLED, Status.FAILED, Status.PARKED}
_UNDECIDED = {
    Status.AWAITING_APPROVAL,
    Status.POSTPONED,
    Status.DECLINED,
    Status.CANCELLED,
    Status.EXPIRED,
}

NEXT: dict[Status, set[Status]] = {
    Status.SUBMITTED: _AT_PSP | {Status.REFUSED, Status.CANCELLED, Status.AWAITING_APPROVAL},
    Status.AWAITING_APPROVAL: _UNDECIDED | _AT_PSP | {Status.SUBMITTED},
    Status.POSTPONED: _UNDECIDED | _AT_PSP | {Status.SUBMITTED},
    Status.PARKED: _AT_PSP | {Status.SUBMITTED, Status.CANCELLED},
    Status.PROCESSING: _AT_PSP,
    Status.CLARIFYING: _AT_PSP,
    Status.SETTLED: set(),
    Status.FAILED: set(),
    Status.REFUSED: set(),
    Status.DECLINED: set(),
    Status.CANCELLED: set(),
    Status.EXPIRED: set(),
    Status.RETURNED: set(),
}


@dataclass(frozen=True, kw_only=True)
class PayoutOrder:
    payout_id: str
    player: Player
    amount: Money
    method: str
    destination: str
    """The PSP's token of where to pay; never an account number."""
    region: str
    segment: str | None
    requester: str
    """The person who asked, whatever they hold; they may not approve."""
    trace_id: str
    hints: RoutingHints | None = None
    """None: nothing is known for routing beyond the order."""
    rebuilt: bool = False
    """Its run was lost: this one goes on from what the books say and what was asked of PSPs."""


class ApprovalDecision(StrEnum):
    APPROVE = "approve"
    DECLINE = "decline"
    POSTPONE = "postpone"


@dataclass(frozen=True, kw_only=True)
class Approval:
    """A second person's word on a payout. `until` (RFC 3339) goes with postpone alone."""

    decision: ApprovalDecision
    approver: str
    """The person."""
    credential: str = ""
    """With which they decided."""
    reason: str | None = None
    until: str | None = None
