"""Which outcome lets the next merchant account be asked, and how far that may go."""

from __future__ import annotations

from dataclasses import dataclass

from workflows.domain.psp import Approved, Declined, NotSent


@dataclass(frozen=True)
class CascadeLimits:
    attempts: int = 3
    """Questions of one payment, the first one included."""
    seconds: int = 60
    """From the first question; none is asked later."""
    scheme_reattempts: int = 15
    """How often a card that was declined may be tried again within the scheme's period."""


def may_cascade(outcome: Approved | Declined | NotSent) -> bool:
    """Only a certain soft decline, or a question that provably never left us."""
    match outcome:
        case Approved():
            return False
        case Declined():
            return outcome.soft
        case NotSent():
            return True
