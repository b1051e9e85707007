"""Estimators of what would have been, from what was done with known propensities.

IPS weighs each outcome by how much likelier the new policy was to ask that account; it is unbiased
and noisy. SNIPS divides by the weights' sum: a little bias, much less noise. The doubly robust one
corrects a model's guess by the weighted errors of the model, and is right if either is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

CONFIDENCE = 0.95
_DEVIATIONS = 1.96
_RULE_OF_THREE = 3.0
"""What was never seen in n payments happens in at most 3/n of them, with 95 % confidence."""


@dataclass(frozen=True)
class Sample:
    """One payment: the new propensity of the account that was asked over its logged one, what came
    of it, and what a model that has not seen it expects, of that account and of the new policy."""

    weight: float
    reward: float
    expected: float
    expected_of_new: float


@dataclass(frozen=True)
class Bounded:
    """With 95 % confidence between low and high."""

    value: float
    low: float
    high: float

    def scaled(self, by: float) -> Bounded:
        return Bounded(self.value * by, self.low * by, self.high * by)


def ips(samples: Sequence[Sample]) -> Bounded:
    return _mean([one.weight * one.reward for one in samples], samples)


def snips(samples: Sequence[Sample]) -> Bounded:
    whole = sum(one.weight for one in samples)
    if whole == 0:
        return ips(samples)
    value = sum(one.weight * one.reward for one in samples) / whole
    spread = sqrt(sum((one.weight * (one.reward - value)) ** 2 for one in samples)) / whole
    return _around(value, spread, samples)


def doubly_robust(samples: Sequence[Sample]) -> Bounded:
    corrected = [one.expected_of_new + one.weight * (one.reward - one.expected) for one in samples]
    return _mean(corrected, samples)


ESTIMATORS: dict[str, Callable[[Sequence[Sample]], Bounded]] = {
    "ips": ips,
    "snips": snips,
    "doubly_robust": doubly_robust,
}


def effective_sample(samples: Sequence[Sample]) -> float:
    """How many payments under the new policy would tell as much: few, where the weights differ."""
    squares = sum(one.weight**2 for one in samples)
    return sum(one.weight for one in samples) ** 2 / squares if squares else 0.0


def _mean(values: Sequence[float], samples: Sequence[Sample]) -> Bounded:
    count = len(values)
    if not count:
        return Bounded(0.0, 0.0, 0.0)
    value = sum(values) / count
    variance = sum((each - value) ** 2 for each in values) / max(1, count - 1)
    return _around(value, sqrt(variance / count), samples)


def _around(value: float, deviation: float, samples: Sequence[Sample]) -> Bounded:
    largest = max(abs(one.reward) for one in samples)
    reach = max(_DEVIATIONS * deviation, _RULE_OF_THREE * max(1.0, largest) / len(samples))
    return Bounded(value, value - reach, value + reach)
