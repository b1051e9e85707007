"""An A/B split of players or payments over arms, and when it may be said that one is better.

The verdict is a sequential test of two proportions, the mixture SPRT with a normal mixture: it may
be looked at as often as one likes, and calls arms that are alike different in at most `ERROR` of
the experiments. A test for one look at the end, or a Bayesian chance above 95 %, does so in a third
of them when operators look every day. The Bayesian chances stand beside the verdict for people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, sqrt
from typing import Literal

from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.draw import spread

from .posterior import Belief, belief, chances_of_best

ERROR = 0.05
TYPICAL_EFFECT = 0.02
"""The difference of shares that the test is quickest to see: two payments of a hundred."""


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
    best = max(range(len(arms)), key=lambda number: beliefs[number].mean)
    # With several arms, whoever looks first picks the pair: all pairs share the error.
    pairs = len(arms) * (len(arms) - 1) // 2
    others = [one for number, one in enumerate(beliefs) if number != best]
    if all(evidence(beliefs[best], one) >= pairs / ERROR for one in others):
        return found(Finding.WINNER, names[best])
    return found(Finding.UNDECIDED)


def _broken(guardrail: Guardrail | None, arms: Sequence[ArmCounts]) -> int | None:
    if guardrail is None:
        return None
    control, *others = (belief(arm.bad, arm.attempts) for arm in arms)
    margin, needed = guardrail.worse_by / 10_000, len(others) / ERROR
    worse = (evidence(other, control, margin) >= needed for other in others)
    return next((number for number, is_worse in enumerate(worse, 1) if is_worse), None)


def evidence(one: Belief, other: Belief, by: float = 0.0) -> float:
    """How much likelier the counts are if the one's share exceeds the other's by more than `by`
    than if it does by just that: of experiments in which it does not, at most one in x ever comes
    to x. Zero where the one is behind."""
    lead = one.mean - other.mean - by
    if lead <= 0:
        return 0.0
    noise, effect = one.deviation**2 + other.deviation**2, TYPICAL_EFFECT**2
    exponent = effect * lead * lead / (2 * noise * (noise + effect))
    return sqrt(noise / (noise + effect)) * exp(min(exponent, 700.0))
