"""Thompson sampling over accounts, with a floor of exploration and known propensities.

Instead of drawing a share from every posterior, it works out how likely each account is the best
(`posterior.chances_of_best`) and draws one account by these chances: the same distribution, and a
receipt can state the propensity exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workflows.domain.money import Money
from workflows.domain.routing.accounts import MILLION, MerchantAccountProfile
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.policy.rules import Bandit, Target

from .posterior import Belief, belief, chances_of_best
from .statistics import Counts, Statistics, segments_of

NOTHING: Mapping[str, Counts] = {}


@dataclass(frozen=True)
class Odds:
    """For each account, in the given order."""

    propensities: tuple[float, ...]
    scores: tuple[float, ...]
    segment: str


def odds(
    bandit: Bandit,
    profiles: Mapping[str, MerchantAccountProfile],
    keys: Sequence[str],
    facts: RoutingFacts,
    statistics: Statistics,
) -> Odds:
    """Of the accounts that are allowed, named by `psp/id`; at least one."""
    segment, seen = _seen(bandit, keys, facts, statistics)
    beliefs = tuple(
        _belief(bandit, profiles[key], seen.get(key, Counts()), facts.amount) for key in keys
    )
    even, share = 1 / len(keys), bandit.exploration / 100
    chances = chances_of_best(beliefs)
    return Odds(
        tuple((1 - share) * chance + share * even for chance in chances),
        tuple(one.mean for one in beliefs),
        segment,
    )


def _seen(
    bandit: Bandit, keys: Sequence[str], facts: RoutingFacts, statistics: Statistics
) -> tuple[str, Mapping[str, Counts]]:
    """The most special segment that has seen enough at these accounts, or all payments."""
    for segment in segments_of(facts, bandit.segmented_by):
        seen = statistics.by_segment.get(segment, NOTHING)
        if segment == "" or sum(seen[key].attempts for key in keys if key in seen) >= bandit.enough:
            return segment, seen
    return "", NOTHING


def _belief(
    bandit: Bandit, profile: MerchantAccountProfile, counts: Counts, amount: Money
) -> Belief:
    successes = counts.approvals - bandit.chargeback_weight * counts.chargebacks
    if bandit.target is Target.CONVERSION:
        return belief(successes, counts.attempts)
    cost = profile.cost(amount.currency)
    return belief(
        successes,
        counts.attempts,
        scale=(bandit.worth - cost.rate) / MILLION,
        shift=cost.fixed / max(1, _rounded(amount.minor_units)),
    )


def _rounded(minor_units: int) -> int:
    """To two digits: a fixed cost weighs about the same in 50.00 and in 50.13, and what was worked
    out for the one serves for the other."""
    zeros: int = 10 ** max(0, len(str(minor_units)) - 2)
    return minor_units // zeros * zeros
