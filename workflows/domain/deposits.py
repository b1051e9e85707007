"""A deposit: a player's wish (intent), a hold at a PSP, a capture, a credit."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from .identity import key_of
from .money import Money
from .payments import CaptureMethod, RoutingHints
from .seals import Seal
from .wallet import Player


class Status(StrEnum):
    INITIATED = "INITIATED"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    """The player must act on the PSP's page."""
    PENDING = "PENDING"
    """The PSP will tell later."""
    CLARIFYING = "CLARIFYING"
    """An answer was lost; we are finding out. Never a yes and never a no."""
    AUTHORIZED = "AUTHORIZED"
    PARKED = "PARKED"
    """Held, and captures are stopped by hand."""
    CAPTURED = "CAPTURED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    VOIDED = "VOIDED"
    REVERSED = "REVERSED"
    """Captured, and money of it has left the PSP without us: a chargeback, a refund made there."""


_ENDS = {Status.FAILED, Status.EXPIRED, Status.CANCELLED}
_UNSURE = {Status.REQUIRES_ACTION, Status.PENDING, Status.CLARIFYING}

NEXT: dict[Status, set[Status]] = {
    Status.INITIATED: _UNSURE | _ENDS | {Status.AUTHORIZED},
    Status.REQUIRES_ACTION: _UNSURE | _ENDS | {Status.AUTHORIZED},
    Status.PENDING: _UNSURE | _ENDS | {Status.AUTHORIZED, Status.CAPTURED, Status.PARKED},
    Status.CLARIFYING: _UNSURE
    | _ENDS
    | {Status.AUTHORIZED, Status.CAPTURED, Status.VOIDED, Status.PARKED},
    Status.AUTHORIZED: _ENDS
    | {Status.AUTHORIZED, Status.PENDING, Status.CLARIFYING, Status.CAPTURED, Status.VOIDED}
    | {Status.PARKED},
    Status.PARKED: _ENDS
    | {Status.PARKED, Status.AUTHORIZED, Status.PENDING, Status.CLARIFYING, Status.VOIDED}
    | {Status.CAPTURED},
    Status.CAPTURED: {Status.CAPTURED},
    Status.FAILED: set(),
    Status.EXPIRED: set(),
    Status.CANCELLED: set(),
    Status.VOIDED: set(),
    Status.REVERSED: set(),
}
"""Legal next states. AUTHORIZED is entered before it is told, when a person is to capture; CAPTURED
stays CAPTURED while the rest of a partial capture is voided."""


@dataclass(frozen=True, kw_only=True)
class AuthorizeCommand:
    payment_token: str | None = None
    """Overrides the one given with the intent."""


@dataclass(frozen=True, kw_only=True)
class FirstCommand:
    """The command with which a run begins: in its history from the start, whatever dies then."""

    authorize: AuthorizeCommand
    seal: Seal


@dataclass(frozen=True, kw_only=True)
class DepositOrder:
    """What the platform asked for: the input of the run."""

    intent_id: str
    player: Player
    amount: Money
    method: str
    region: str
    segment: str | None
    return_url: str
    capture_method: CaptureMethod
    payment_token: str | None
    trace_id: str
    expires_at: str
    """RFC 3339. Until then the player may go ahead, and be on the PSP's page."""
    hints: RoutingHints | None = None
    """None: nothing is known for routing beyond the order."""
    goes_ahead: bool = False
    """The player goes ahead at once: no command is waited for."""
    first: FirstCommand | None = None
    """None: the run began by itself, or by something else."""
    rebuilt: bool = False
    """Its run was lost: this one goes on from what the books say and what was asked of PSPs."""


@dataclass(frozen=True, kw_only=True)
class CompleteCommand:
    parameters: dict[str, str] = field(default_factory=dict)
    """The query of the URL on which the player came back."""


@dataclass(frozen=True, kw_only=True)
class CaptureCommand:
    amount: Money | None = None
    """None captures all that is held."""


def credit_key_of(intent_id: str) -> str:
    """The wallet's key of a deposit's credit, which a refund's hold is bounded by."""
    return key_of(intent_id, "credit")
