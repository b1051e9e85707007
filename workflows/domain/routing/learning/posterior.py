"""What counts let us believe, and how likely each account is the best one.

The chance of being best is integrated numerically, so it needs no dice: an account drawn by these
chances is drawn as Thompson sampling draws it, and its propensity is known.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from math import exp, lgamma, log, log1p, prod, sqrt

POINTS = 64
"""Per account, over its mean ± REACH standard deviations; the error of a chance is below 0.005."""

REACH = 8.0
_LEAST_SCALE = 1e-9


@dataclass(frozen=True)
class Belief:
    """Beta(alpha, beta) over a share p, both at least 1; the value is `scale * p - shift`."""

    alpha: float
    beta: float
    scale: float = 1.0
    shift: float = 0.0

    @property
    def mean(self) -> float:
        return self.scale * self.alpha / (self.alpha + self.beta) - self.shift

    @property
    def deviation(self) -> float:
        """Standard deviation of the share p."""
        whole = self.alpha + self.beta
        return sqrt(self.alpha * self.beta / (whole * whole * (whole + 1)))


def belief(successes: float, attempts: float, *, scale: float = 1.0, shift: float = 0.0) -> Belief:
    """From an even prior, Beta(1, 1). Successes below zero count as none."""
    good = min(max(successes, 0.0), attempts)
    steep = scale if abs(scale) > _LEAST_SCALE else _LEAST_SCALE
    return Belief(1.0 + good, 1.0 + attempts - good, steep, shift)


@lru_cache(maxsize=4096)
def chances_of_best(beliefs: tuple[Belief, ...]) -> tuple[float, ...]:
    """For each, the probability that its value is the highest. Sums to 1."""
    if len(beliefs) == 1:
        return (1.0,)
    curves = [Curve.of(one) for one in beliefs]
    # Below the lowest value of any one of them, that one is higher: nobody else is the best.
    floor = max(curve.points[0] for curve in curves)
    grid = sorted({point for curve in curves for point in curve.points if point >= floor})
    below = [[curve.below(point) for point in grid] for curve in curves]
    chances = [0.0] * len(beliefs)
    for cell in range(len(grid) - 1):
        middles = [(shares[cell] + shares[cell + 1]) / 2 for shares in below]
        all_below = prod(middles)
        if all_below > 0.0:
            for number, shares in enumerate(below):
                chances[number] += all_below / middles[number] * (shares[cell + 1] - shares[cell])
    whole = sum(chances)
    return tuple(chance / whole for chance in chances)


@dataclass(frozen=True)
class Curve:
    """How much of a belief lies below each of its points, and its density there."""

    points: list[float]
    shares: list[float]
    densities: list[float]

    @classmethod
    def of(cls, one: Belief) -> Curve:
        points = _points(one)
        densities = [_density(one, point) for point in points]
        total, running = 0.0, [0.0]
        for cell in range(len(points) - 1):
            middle = _density(one, (points[cell] + points[cell + 1]) / 2)
            width = points[cell + 1] - points[cell]
            total += (densities[cell] + 4 * middle + densities[cell + 1]) * width / 6
            running.append(total)
        return cls(points, [share / total for share in running], [d / total for d in densities])

    def below(self, value: float) -> float:
        """By Simpson's rule up to the point before, from there by the cubic that fits both ends."""
        if value <= self.points[0]:
            return 0.0
        if value >= self.points[-1]:
            return 1.0
        cell = bisect_right(self.points, value) - 1
        width = self.points[cell + 1] - self.points[cell]
        at = (value - self.points[cell]) / width
        left, right = self.shares[cell], self.shares[cell + 1]
        rising = self.densities[cell] * width * at * (1 - at) ** 2
        rising += self.densities[cell + 1] * width * at * at * (at - 1)
        return min(1.0, max(0.0, left + (right - left) * at * at * (3 - 2 * at) + rising))


def _points(one: Belief) -> list[float]:
    """Values in ascending order, evenly over where the belief has its weight."""
    middle, reach = one.alpha / (one.alpha + one.beta), REACH * one.deviation
    low, high = max(0.0, middle - reach), min(1.0, middle + reach)
    step = (high - low) / POINTS
    return sorted(one.scale * (low + step * number) - one.shift for number in range(POINTS + 1))


def _density(one: Belief, value: float) -> float:
    share = (value + one.shift) / one.scale
    if not 0.0 <= share <= 1.0:
        return 0.0
    logarithm = lgamma(one.alpha + one.beta) - lgamma(one.alpha) - lgamma(one.beta)
    for power, base in ((one.alpha - 1, share), (one.beta - 1, 1.0 - share)):
        if power > 0:
            if base <= 0.0:
                return 0.0
            logarithm += power * (log(base) if base < 0.5 else log1p(base - 1))
    return exp(logarithm)
