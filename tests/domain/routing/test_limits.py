"""The cascade goes on only where it is certain that nobody was paid, and not for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.routing.examples import EAST, NORTH, SOUTH, WEST
from workflows.domain.cascading import CascadeLimits
from workflows.domain.money import Money
from workflows.domain.psp import (
    Approved,
    Declined,
    MerchantAccount,
    NotSent,
    Outcome,
    Pending,
    Unknown,
)
from workflows.domain.routing.limits import NEVER_AGAIN, Ended, Tried, next_account

SOFT = Declined("do_not_honor", soft=True, code="05")
HARD = Declined("invalid_card", soft=False, code="14")
FRAUD = Declined("fraud", soft=True, code="59")
UNSENT = NotSent("connect refused")
YES = Approved("ref", Money(5000, "EUR"))
ALL = (NORTH, SOUTH, EAST, WEST)
WIDE = CascadeLimits(attempts=20, seconds=600, scheme_reattempts=20)
OUTCOMES: list[Outcome] = [SOFT, HARD, FRAUD, UNSENT, YES, Pending("ref"), Unknown("timeout")]


@given(
    st.lists(st.sampled_from(ALL), max_size=6),
    st.lists(st.sampled_from(OUTCOMES), min_size=6, max_size=6),
    st.builds(CascadeLimits, st.integers(1, 6), st.integers(1, 60), st.integers(0, 6)),
    st.integers(0, 20),
)
def test_a_cascade_never_visits_an_account_twice_nor_goes_on_over_a_doubt(
    candidates: list[MerchantAccount], outcomes: list[Outcome], limits: CascadeLimits, each: int
) -> None:
    asked: list[Tried] = []
    while len(asked) < len(outcomes):
        elapsed = each * len(asked)
        following = next_account(candidates, asked, limits, elapsed_seconds=elapsed)
        if isinstance(following, Ended):
            break
        assert elapsed == 0 or elapsed < limits.seconds
        asked.append(Tried(following, outcomes[len(asked)]))
    assert len({one.account for one in asked}) == len(asked) <= limits.attempts
    assert all(one.outcome in (SOFT, UNSENT) for one in asked[:-1])
    assert sum(one.outcome == SOFT for one in asked[:-1]) <= limits.scheme_reattempts


@pytest.mark.parametrize(
    ("outcome", "ended"),
    [
        (Unknown("timeout"), Ended.IN_DOUBT),
        (Pending("ref"), Ended.IN_DOUBT),
        (HARD, Ended.HARD),
        (FRAUD, Ended.FRAUD),
        (YES, Ended.APPROVED),
    ],
)
def test_nobody_is_asked_after(outcome: Outcome, ended: Ended) -> None:
    assert next_account(ALL, [Tried(NORTH, outcome)], WIDE) is ended


@pytest.mark.parametrize("reason", sorted(NEVER_AGAIN))
def test_a_fraud_ends_the_cascade_even_where_a_table_calls_it_soft(reason: str) -> None:
    soft = Declined(reason, soft=True, code="1")
    assert next_account(ALL, [Tried(NORTH, soft)], WIDE) is Ended.FRAUD


def test_a_soft_decline_and_an_unsent_question_ask_the_next_account() -> None:
    assert next_account(ALL, [], WIDE) == NORTH
    assert next_account(ALL, [Tried(NORTH, SOFT)], WIDE) == SOUTH
    assert next_account(ALL, [Tried(NORTH, SOFT), Tried(SOUTH, UNSENT)], WIDE) == EAST
    assert next_account((NORTH,), [Tried(NORTH, SOFT)], WIDE) is Ended.ACCOUNTS


def test_attempts_time_and_the_schemes_patience_run_out() -> None:
    one, two = [Tried(NORTH, SOFT)], [Tried(NORTH, SOFT), Tried(SOUTH, SOFT)]
    limits = CascadeLimits(attempts=2, seconds=30, scheme_reattempts=15)
    assert next_account(ALL, two, limits) is Ended.ATTEMPTS
    assert next_account(ALL, one, limits, elapsed_seconds=30) is Ended.TIME
    assert next_account(ALL, one, limits, elapsed_seconds=29.9) == SOUTH
    assert next_account(ALL, one, limits, reattempts_used=14) == SOUTH
    assert next_account(ALL, one, limits, reattempts_used=15) is Ended.SCHEME
    unsent = [Tried(NORTH, UNSENT)]
    assert next_account(ALL, unsent, limits, reattempts_used=15) == SOUTH
