"""What needs a person: opened by whoever cannot settle it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .money import Money


class CaseKind(StrEnum):
    RUN_LOST = "run_lost"
    """The payment is open and nothing works on it: its run was terminated, deleted or lost."""
    MONEY_GONE = "money_gone"
    """Captured money left the PSP without us: that player's payouts wait for a person."""
    DOUBLE = "double"
    """The PSP did under one key what it was to do once, twice."""
    UNREADABLE = "unreadable"
    """A message that no run could read."""
    FORGED = "forged"
    """Messages without a seal of ours reached a run: they changed nothing."""
    CONTRADICTION = "contradiction"
    IN_DOUBT = "in_doubt"
    UNRELEASED = "unreleased"
    UNEXPECTED_EVENT = "unexpected_event"
    UNKNOWN_REFERENCE = "unknown_reference"
    PSP_NOT_CONNECTED = "psp_not_connected"


@dataclass(frozen=True, kw_only=True)
class NewCase:
    """Something a person decides. Unique by key, so that opening it twice is opening it once."""

    key: str
    payment_id: str
    kind: CaseKind
    summary: str
    money_at_risk: Money | None
    facts: dict[str, str]
