"""What we integrate ourselves agrees with what a library of statistics says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workflows.domain.routing.learning.posterior import Belief, Curve, belief, chances_of_best

COUNTS = st.tuples(st.integers(0, 100_000), st.floats(0, 1)).map(
    lambda counted: belief(round(counted[0] * counted[1]), counted[0])
)


@given(COUNTS, st.floats(0.001, 0.999))
def test_how_much_of_a_belief_lies_below_a_value_is_the_beta_distribution(
    one: Belief, value: float
) -> None:
    known = float(stats.beta.cdf(value, one.alpha, one.beta))
    assert Curve.of(one).below(value) == pytest.approx(known, abs=0.005)


@given(COUNTS)
def test_mean_and_deviation_are_those_of_the_beta_distribution(one: Belief) -> None:
    known = stats.beta(one.alpha, one.beta)
    assert one.mean == pytest.approx(float(known.mean()))
    assert one.deviation == pytest.approx(float(known.std()))


@given(st.lists(COUNTS, min_size=2, max_size=4))
def test_the_chance_of_being_best_is_the_integral_over_all_others_being_lower(
    beliefs: list[Belief],
) -> None:
    chances = chances_of_best(tuple(beliefs))
    for number, one in enumerate(beliefs):
        others = [each for other, each in enumerate(beliefs) if other != number]
        assert chances[number] == pytest.approx(_is_best(one, others), abs=0.01)


def _is_best(one: Belief, others: list[Belief]) -> float:
    """Over two thousand quantiles of the one, between which its weight is even."""
    at = (np.arange(2000) + 0.5) / 2000
    values = stats.beta.ppf(at, one.alpha, one.beta)
    below = [stats.beta.cdf(values, other.alpha, other.beta) for other in others]
    return float(np.mean(np.prod(below, axis=0)))
