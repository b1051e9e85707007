"""How far a cascade goes: which account is asked next, or why nobody is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from workflows.domain.declines import Reason, Retry
from workflows.domain.psp import (
    Approved,
    Declined,
    MerchantAccount,
    NotSent,
    Outcome,
    Pending,
    Unknown,
)

from .accounts import MerchantAccountProfile
from .cascade import CascadeLimits, may_cascade
from .facts import ThreeDs

NEVER_AGAIN = frozenset(
    {
        Reason.FRAUD,
        Reason.STOLEN_CARD,
        Reason.LOST_CARD,
        Reason.PICKUP_CARD,
        Reason.BLOCKED,
        Reason.REVOKED,
        Reason.DUPLICATE,
    }
)
"""Reasons that end a cascade even where a PSP's table calls them soft."""


@dataclass(frozen=True)
class Asked:
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
    asked: Sequence[Asked],
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
        case NotSent():
            return None


def may_reuse(three_ds: ThreeDs, by: MerchantAccountProfile) -> bool:
    """Whether the account takes the result that the player has already given; else it asks anew."""
    return by.reuses_3ds and three_ds in (ThreeDs.AUTHENTICATED, ThreeDs.ATTEMPTED)
