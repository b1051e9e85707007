"""Which outcome lets the next merchant account be asked."""

from __future__ import annotations

from workflows.domain.psp import Approved, Declined, NotSent


def may_cascade(outcome: Approved | Declined | NotSent) -> bool:
    """Only a certain soft decline, or a question that provably never left us."""
    match outcome:
        case Approved():
            return False
        case Declined():
            return outcome.soft
        case NotSent():
            return True
