"""Why a payment went where it went, complete enough to judge another policy by it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workflows.domain.psp import MerchantAccount


class ExclusionReason(StrEnum):
    """Why an account was not a candidate."""

    KIND = "kind_not_served"
    BRAND = "brand_not_served"
    REGION = "region_not_served"
    METHOD = "method_not_served"
    CURRENCY = "currency_not_served"
    BELOW_MINIMUM = "below_minimum"
    ABOVE_MAXIMUM = "above_maximum"
    SWITCHED_OFF = "switched_off"
    STOPPED = "stopped"
    """By hand, for this brand, region or method."""
    BREAKER_OPEN = "breaker_open"
    NOT_NAMED = "not_named_by_the_rule"


@dataclass(frozen=True)
class Exclusion:
    account: MerchantAccount
    reason: ExclusionReason


@dataclass(frozen=True)
class Candidate:
    """`propensity`: how likely it was that this account came first, given the facts, over the draw
    (for an experiment: over the salt). Zero for one that could only come later."""

    account: MerchantAccount
    propensity: float
    score: float | None = None
    """What the bandit expects of it: a share of approvals, or of the amount. None without one."""
    probe: bool = False
    """Its breaker is half open: whoever asks it first has claimed the probe."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    policy_id: str
    policy_version: int
    rule: str | None
    """None: the default decided."""
    passed_over: tuple[str, ...] = ()
    """Rules that held and had no account that was allowed."""
    candidates: tuple[Candidate, ...] = ()
    """In the order in which they are asked."""
    excluded: tuple[Exclusion, ...] = ()
    seed: str
    experiment: str | None = None
    arm: str | None = None
    segment: str | None = None
    """The one whose counts the bandit looked at; empty for all payments together."""
    statistics: str | None = None
    """The version of the counts that the bandit looked at."""
    refusal: str | None = None
