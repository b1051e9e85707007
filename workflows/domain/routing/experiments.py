"""An A/B split of players or payments over arms, and when it may be said that one is better.

The verdict is Bayesian: the chance that an arm's approval rate is the best one. Operators look at
an experiment every day; a fixed-sample test of two proportions promises its error rate for one look
at the end only. A winner needs the minimum sample in every arm, a chance of `CERTAIN`, and to lose
next to nothing (`TOLERABLE_LOSS`) if it is wrong all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import erf, exp, pi, sqrt
from typing import Literal

from workflows.domain.psp import MerchantAccount

from .draw import spread
from .posterior import Belief, belief, chance_above, chances_of_best

CERTAIN = 0.95
TOLERABLE_LOSS = 0.005


class Unit(StrEnum):
    PLAYER = "player"
    """A player stays in one arm."""
    PAYMENT = "payment"


class Metric(StrEnum):
    TECHNICAL_FAILURES = "technical_failures"
    CHARGEBACKS = "chargebacks"


@dataclass(frozen=True)
class Guardrail:
    """An arm that is worse than the first one by more than so many hundredths of a percent of its
    payments is stopped, however well it converts."""

    metric: Metric
    worse_by: int


@dataclass(frozen=True)
class Arm:
    name: str
    weight: int
    accounts: tuple[MerchantAccount, ...]


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """The first arm is the control."""

    name: str
    salt: str
    arms: tuple[Arm, ...]
    unit: Unit = Unit.PLAYER
    minimum_sample: int = 1000
    guardrail: Guardrail | None = None
    kind: Literal["experiment"] = "experiment"


def arm_of(experiment: Experiment, unit_id: str) -> Arm:
    """Stable: the same unit and salt, the same arm."""
    place = spread(f"{experiment.salt}:{unit_id}") * sum(arm.weight for arm in experiment.arms)
    for arm in experiment.arms:
        place -= arm.weight
        if place < 0:
            return arm
    return next(arm for arm in reversed(experiment.arms) if arm.weight)


@dataclass(frozen=True)
class ArmCounts:
    """`bad`: what the guardrail counts."""

    attempts: int
    approvals: int
    bad: int = 0


class Finding(StrEnum):
    TOO_EARLY = "too_early"
    UNDECIDED = "undecided"
    """The sample is there, the difference is not."""
    WINNER = "winner"
    STOP = "stop"
    """An arm broke through the guardrail."""


@dataclass(frozen=True)
class Verdict:
    finding: Finding
    arm: str | None
    """The winner, or the one to stop."""
    chance: Mapping[str, float]
    """By arm, that it converts best."""
    missing: int
    """Attempts until the thinnest arm has its sample."""


def verdict(experiment: Experiment, counts: Mapping[str, ArmCounts]) -> Verdict:
    """Whether to stop, to wait or to switch; an arm without counts has seen nothing."""
    arms = [counts.get(arm.name, ArmCounts(0, 0)) for arm in experiment.arms]
    names = [arm.name for arm in experiment.arms]
    beliefs = [belief(arm.approvals, arm.attempts) for arm in arms]
    chances = chances_of_best(tuple(beliefs))
    missing = max(0, experiment.minimum_sample - min(arm.attempts for arm in arms))

    def found(finding: Finding, arm: str | None = None) -> Verdict:
        return Verdict(finding, arm, dict(zip(names, chances, strict=True)), missing)

    broken = _broken(experiment.guardrail, arms)
    if broken is not None:
        return found(Finding.STOP, names[broken])
    if missing:
        return found(Finding.TOO_EARLY)
    best = max(range(len(arms)), key=chances.__getitem__)
    if chances[best] >= CERTAIN and _loss(beliefs, best) <= TOLERABLE_LOSS:
        return found(Finding.WINNER, names[best])
    return found(Finding.UNDECIDED)


def _broken(guardrail: Guardrail | None, arms: Sequence[ArmCounts]) -> int | None:
    if guardrail is None:
        return None
    control, *others = (belief(arm.bad, arm.attempts) for arm in arms)
    margin = guardrail.worse_by / 10_000
    worse = (chance_above(other, control, margin) >= CERTAIN for other in others)
    return next((number for number, is_worse in enumerate(worse, 1) if is_worse), None)


def _loss(beliefs: Sequence[Belief], best: int) -> float:
    """An upper bound on the approvals expected to be lost if another arm is better after all: the
    sum over the others of the normal approximation's expected shortfall."""
    return sum(
        _shortfall(beliefs[best], other) for number, other in enumerate(beliefs) if number != best
    )


def _shortfall(one: Belief, other: Belief) -> float:
    spread_of_both = sqrt(one.deviation**2 + other.deviation**2)
    lead = (one.mean - other.mean) / spread_of_both
    density = exp(-lead * lead / 2) / sqrt(2 * pi)
    beyond = (1 - erf(lead / sqrt(2))) / 2
    return spread_of_both * (density - lead * beyond)
