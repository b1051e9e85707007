"""How far a cascade goes: which account is asked next, or why nobody is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from workflows.domain.cascading import CascadeLimits, may_cascade
from workflows.domain.declines import DeclineReason, Retry
from workflows.domain.psp import (
    Approved,
    Declined,
    Fenced,
    MerchantAccount,
    NotSent,
    Outcome,
    Parked,
    Pending,
    SlowLane,
    Unknown,
)

NEVER_AGAIN = frozenset(
    {
        DeclineReason.FRAUD,
        DeclineReason.STOLEN_CARD,
        DeclineReason.LOST_CARD,
        DeclineReason.PICKUP_CARD,
        DeclineReason.BLOCKED,
        DeclineReason.REVOKED,
        DeclineReason.DUPLICATE,
    }
)
"""Reasons that end a cascade even where a PSP's table calls them soft."""


@dataclass(frozen=True)
class Tried:
    account: MerchantAccount
    outcome: Outcome


class Ended(StrEnum):
    APPROVED = "approved"
    HARD = "hard_decline"
    FRAUD = "fraud"
    NEVER = "never_again"
    """The PSP or the card scheme forbids another try."""
    IN_DOUBT = "in_doubt"
    """Unknown or pending: nobody else is asked before it is certain."""
    ATTEMPTS = "attempts_used_up"
    TIME = "time_used_up"
    SCHEME = "scheme_limit_reached"
    ACCOUNTS = "accounts_used_up"


def next_account(
    candidates: Sequence[MerchantAccount],
    asked: Sequence[Tried],
    limits: CascadeLimits,
    *,
    elapsed_seconds: float = 0,
    reattempts_used: int = 0,
) -> MerchantAccount | Ended:
    """The next one in order that has not been asked, if the last outcome lets us ask at all.

    `reattempts_used`: of this card within the scheme's period, before this payment.
    """
    last = asked[-1].outcome if asked else None
    ended = _ended_by(last) if last is not None else None
    if ended is not None:
        return ended
    if len(asked) >= limits.attempts:
        return Ended.ATTEMPTS
    if asked and elapsed_seconds >= limits.seconds:
        return Ended.TIME
    declined = sum(isinstance(one.outcome, Declined) for one in asked)
    if declined and reattempts_used + declined > limits.scheme_reattempts:
        return Ended.SCHEME
    tried = {one.account for one in asked}
    return next((each for each in candidates if each not in tried), Ended.ACCOUNTS)


def _ended_by(outcome: Outcome) -> Ended | None:
    match outcome:
        case Unknown() | Pending():
            return Ended.IN_DOUBT
        case Approved():
            return Ended.APPROVED
        case Declined():
            if outcome.reason in NEVER_AGAIN:
                return Ended.FRAUD
            if outcome.advice is not None and outcome.advice.retry is Retry.NEVER:
                return Ended.NEVER
            return None if may_cascade(outcome) else Ended.HARD
        case NotSent() | Fenced() | Parked() | SlowLane():
            return None
