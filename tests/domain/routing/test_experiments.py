"""An experiment splits players steadily, and says nothing before it knows."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.routing.examples import NORTH, SOUTH, decided, facts, policy
from workflows.domain.routing.learning.experiments import (
    ERROR,
    Arm,
    ArmCounts,
    Experiment,
    Finding,
    Guardrail,
    Metric,
    Unit,
    arm_of,
    verdict,
)
from workflows.domain.routing.policy.rules import All, Rule

ARMS = (Arm("control", 3, (NORTH, SOUTH)), Arm("south", 1, (SOUTH, NORTH)))
TRY = Experiment(name="south-first", salt="2026-11", arms=ARMS, minimum_sample=1000)
GUARDED = Experiment(
    name="guarded", salt="s", arms=ARMS, guardrail=Guardrail(Metric.TECHNICAL_FAILURES, 100)
)


@given(st.text(min_size=1, max_size=20))
def test_a_player_stays_in_one_arm(player_id: str) -> None:
    assert arm_of(TRY, player_id) == arm_of(TRY, player_id)


def test_arms_have_their_share_and_another_salt_splits_anew() -> None:
    players = [f"player-{number}" for number in range(20_000)]
    shares = Counter(arm_of(TRY, player).name for player in players)
    assert abs(shares["south"] / 20_000 - 0.25) < 0.015
    other = Experiment(name="next", salt="2026-12", arms=ARMS)
    both = sum(arm_of(TRY, p).name == arm_of(other, p).name == "south" for p in players)
    assert abs(both / 20_000 - 1 / 16) < 0.01


def test_an_arm_of_no_weight_gets_nobody() -> None:
    arms = (Arm("none", 0, (NORTH,)), Arm("all", 1, (SOUTH,)), Arm("neither", 0, (NORTH,)))
    one = Experiment(name="x", salt="s", arms=arms)
    assert {arm_of(one, str(number)).name for number in range(500)} == {"all"}


def test_a_receipt_names_the_arm_and_what_was_likely() -> None:
    by = policy(Rule("try", All(), TRY))
    for number in range(30):
        player = f"player-{number}"
        decision = decided(by, facts(player_id=player))
        arm = arm_of(TRY, player)
        assert (decision.receipt.experiment, decision.receipt.arm) == ("south-first", arm.name)
        assert decision.accounts == arm.accounts
        stated = {one.account: one.propensity for one in decision.receipt.candidates}
        assert stated == {NORTH: 0.75, SOUTH: 0.25}


def test_payments_of_one_player_may_be_split_too() -> None:
    each = Experiment(name="x", salt="s", arms=ARMS, unit=Unit.PAYMENT)
    by = policy(Rule("try", All(), each))
    arms = {decided(by, facts(payment_id=f"in_{n}")).receipt.arm for n in range(50)}
    assert arms == {"control", "south"}


def test_it_is_too_early_while_an_arm_lacks_its_sample() -> None:
    early = verdict(TRY, {"control": ArmCounts(5000, 4000), "south": ArmCounts(400, 390)})
    assert (early.finding, early.missing) == (Finding.TOO_EARLY, 600)
    assert verdict(TRY, {}).missing == 1000


def test_a_clear_difference_has_a_winner_and_a_small_one_has_none() -> None:
    clear = verdict(TRY, {"control": ArmCounts(3000, 2400), "south": ArmCounts(1000, 860)})
    assert (clear.finding, clear.arm) == (Finding.WINNER, "south")
    assert clear.chance["south"] > 0.99
    small = verdict(TRY, {"control": ArmCounts(3000, 2400), "south": ArmCounts(1000, 805)})
    assert (small.finding, small.arm) == (Finding.UNDECIDED, None)


def test_the_control_can_win_too() -> None:
    found = verdict(TRY, {"control": ArmCounts(3000, 2550), "south": ArmCounts(1000, 780)})
    assert (found.finding, found.arm) == (Finding.WINNER, "control")


def test_a_broken_guardrail_stops_an_arm_before_its_sample_and_however_well_it_converts() -> None:
    bad = {"control": ArmCounts(900, 700, bad=9), "south": ArmCounts(300, 290, bad=24)}
    assert (verdict(GUARDED, bad).finding, verdict(GUARDED, bad).arm) == (Finding.STOP, "south")
    fine = {"control": ArmCounts(900, 700, bad=9), "south": ArmCounts(300, 290, bad=4)}
    assert verdict(GUARDED, fine).finding is Finding.TOO_EARLY


def test_arms_that_are_alike_rarely_have_a_winner_though_they_are_looked_at_every_day() -> None:
    wrong = 0
    for seed in range(200):
        dice = random.Random(seed)
        one = other = 0
        for day in range(1, 31):
            one += sum(dice.random() < 0.8 for _ in range(200))
            other += sum(dice.random() < 0.8 for _ in range(200))
            counts = {"control": ArmCounts(day * 200, one), "south": ArmCounts(day * 200, other)}
            if verdict(TRY, counts).finding is Finding.WINNER:
                wrong += 1
                break
    assert wrong / 200 <= ERROR


def test_guardrails_rarely_stop_an_arm_that_is_as_good_as_the_control() -> None:
    stopped = 0
    for seed in range(200):
        dice = random.Random(seed)
        one = other = 0
        for day in range(1, 16):
            one += sum(dice.random() < 0.02 for _ in range(100))
            other += sum(dice.random() < 0.02 for _ in range(100))
            counts = {
                "control": ArmCounts(day * 100, 0, bad=one),
                "south": ArmCounts(day * 100, 0, bad=other),
            }
            if verdict(GUARDED, counts).finding is Finding.STOP:
                stopped += 1
                break
    assert stopped / 200 <= ERROR


def test_a_difference_of_four_in_a_hundred_is_found_in_most_experiments() -> None:
    found = 0
    for seed in range(50):
        dice = random.Random(seed)
        one = sum(dice.random() < 0.80 for _ in range(4000))
        other = sum(dice.random() < 0.84 for _ in range(4000))
        counts = {"control": ArmCounts(4000, one), "south": ArmCounts(4000, other)}
        found += verdict(TRY, counts).arm == "south"
    assert found >= 40
