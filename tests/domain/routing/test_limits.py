"""The cascade goes on only where it is certain that nobody was paid, and not for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.routing.examples import ACCOUNTS, EAST, NORTH, SOUTH, WEST
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
from workflows.domain.routing.cascade import CascadeLimits
from workflows.domain.routing.facts import ThreeDs
from workflows.domain.routing.limits import (
    NEVER_AGAIN,
    Asked,
    Ended,
    may_reuse,
    next_account,
)

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
    asked: list[Asked] = []
    while len(asked) < len(outcomes):
        elapsed = each * len(asked)
        following = next_account(candidates, asked, limits, elapsed_seconds=elapsed)
        if isinstance(following, Ended):
            break
        assert elapsed == 0 or elapsed < limits.seconds
        asked.append(Asked(following, outcomes[len(asked)]))
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
    assert next_account(ALL, [Asked(NORTH, outcome)], WIDE) is ended


@pytest.mark.parametrize("reason", sorted(NEVER_AGAIN))
def test_a_fraud_ends_the_cascade_even_where_a_table_calls_it_soft(reason: str) -> None:
    soft = Declined(reason, soft=True, code="1")
    assert next_account(ALL, [Asked(NORTH, soft)], WIDE) is Ended.FRAUD


def test_a_soft_decline_and_an_unsent_question_ask_the_next_account() -> None:
    assert next_account(ALL, [], WIDE) == NORTH
    assert next_account(ALL, [Asked(NORTH, SOFT)], WIDE) == SOUTH
    assert next_account(ALL, [Asked(NORTH, SOFT), Asked(SOUTH, UNSENT)], WIDE) == EAST
    assert next_account((NORTH,), [Asked(NORTH, SOFT)], WIDE) is Ended.ACCOUNTS


def test_attempts_time_and_the_schemes_patience_run_out() -> None:
    one, two = [Asked(NORTH, SOFT)], [Asked(NORTH, SOFT), Asked(SOUTH, SOFT)]
    limits = CascadeLimits(attempts=2, seconds=30, scheme_reattempts=15)
    assert next_account(ALL, two, limits) is Ended.ATTEMPTS
    assert next_account(ALL, one, limits, elapsed_seconds=30) is Ended.TIME
    assert next_account(ALL, one, limits, elapsed_seconds=29.9) == SOUTH
    assert next_account(ALL, one, limits, reattempts_used=14) == SOUTH
    assert next_account(ALL, one, limits, reattempts_used=15) is Ended.SCHEME
    unsent = [Asked(NORTH, UNSENT)]
    assert next_account(ALL, unsent, limits, reattempts_used=15) == SOUTH


def test_a_3ds_result_is_reused_only_by_an_account_that_takes_it() -> None:
    takes, does_not = ACCOUNTS.by_key["south/eu"], ACCOUNTS.by_key["north/eu"]
    assert may_reuse(ThreeDs.AUTHENTICATED, takes)
    assert may_reuse(ThreeDs.ATTEMPTED, takes)
    assert not may_reuse(ThreeDs.AUTHENTICATED, does_not)
    assert not may_reuse(ThreeDs.FAILED, takes)
    assert not may_reuse(ThreeDs.NOT_DONE, takes)
