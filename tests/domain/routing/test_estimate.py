"""What a new policy would have done is told from what was done, within bounds, or not at all."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.domain.routing.examples import decided, facts, policy
from tests.domain.routing.simulation import MAINS, NAMES, PLAIN
from workflows.domain.money import Money
from workflows.domain.routing.health import Health, Stop
from workflows.domain.routing.learning.estimate import (
    Estimate,
    NotJudged,
    PastPayment,
    estimate,
    replay_plain,
)
from workflows.domain.routing.learning.off_policy import (
    Sample,
    doubly_robust,
    effective_sample,
    ips,
    snips,
)
from workflows.domain.routing.learning.statistics import Counts, Statistics, Tally
from workflows.domain.routing.policy.fields import Field
from workflows.domain.routing.policy.rules import (
    All,
    Bandit,
    In,
    Order,
    Policy,
    Refuse,
    Rule,
    Share,
    Split,
)

NORTH, SOUTH, EAST = MAINS
RATES = {
    ("DE", "north"): 0.70,
    ("DE", "south"): 0.90,
    ("DE", "east"): 0.80,
    ("FR", "north"): 0.85,
    ("FR", "south"): 0.60,
    ("FR", "east"): 0.75,
}
COSTS = {"north": 40, "south": 25, "east": 60}
LOGGED = policy(
    Rule("split", All(), Split((Share(NORTH, 6), Share(SOUTH, 3), Share(EAST, 1)))),
)
GERMANS = In(Field.PLAYER_COUNTRY, ("DE",))
BETTER = policy(
    Rule("south is good at Germans", GERMANS, Order((SOUTH, NORTH))),
    default=Split((Share(NORTH, 4), Share(EAST, 1))),
    version=2,
)
TRUE_APPROVALS = 0.6 * 0.90 + 0.4 * (0.8 * 0.85 + 0.2 * 0.75)
TRUE_COST = 0.6 * 25 + 0.4 * (0.8 * 40 + 0.2 * 60)


def traffic(
    count: int, seed: int, by: Policy = LOGGED, health: Health | None = None
) -> list[PastPayment]:
    """Six of ten players are Germans."""
    dice, found = random.Random(seed), []
    for number in range(count):
        country = "DE" if dice.random() < 0.6 else "FR"
        payment = facts(payment_id=f"in_{seed}_{number}", player_country=country)
        draw, down = f"{seed}:{number}", health or Health()
        decision = decided(by, payment, accounts=PLAIN, seed=draw, health=down)
        psp = decision.accounts[0].psp
        approved = dice.random() < RATES[country, psp]
        found.append(PastPayment(payment, decision.receipt, approved, COSTS[psp]))
    return found


def estimated(by: Policy, recorded: list[PastPayment]) -> Estimate:
    return estimate(by, PLAIN, Statistics("now"), recorded)


@pytest.fixture(scope="module")
def estimates() -> list[Estimate]:
    return [estimated(BETTER, traffic(600, seed)) for seed in range(100)]


@pytest.mark.parametrize("name", ["ips", "snips", "doubly_robust"])
def test_the_truth_is_within_the_bounds_nine_times_of_ten_and_more(
    estimates: list[Estimate], name: str
) -> None:
    within = sum(
        one.approvals[name].low <= TRUE_APPROVALS <= one.approvals[name].high for one in estimates
    )
    assert within >= 90
    assert all(one.approvals[name].high - one.approvals[name].low < 0.35 for one in estimates)


@pytest.mark.parametrize("name", ["ips", "snips", "doubly_robust"])
def test_the_estimate_is_not_biased(estimates: list[Estimate], name: str) -> None:
    mean = sum(one.approvals[name].value for one in estimates) / len(estimates)
    # Four standard errors of a hundred estimates.
    spread = sum((one.approvals[name].value - mean) ** 2 for one in estimates) / 99
    assert abs(mean - TRUE_APPROVALS) < 4 * (spread / 100) ** 0.5


def test_what_was_is_not_taken_for_what_would_be(estimates: list[Estimate]) -> None:
    logged = 0.6 * (0.6 * 0.7 + 0.3 * 0.9 + 0.1 * 0.8) + 0.4 * (0.6 * 0.85 + 0.3 * 0.6 + 0.075)
    mean = sum(one.approvals_were for one in estimates) / len(estimates)
    assert mean == pytest.approx(logged, abs=0.01)
    assert TRUE_APPROVALS - logged > 0.08


def test_costs_are_told_per_currency_in_minor_units(estimates: list[Estimate]) -> None:
    costs = [one.costs for one in estimates]
    assert all(len(one) == 1 and one[0].currency == "EUR" for one in costs)
    assert sum(one[0].low <= round(TRUE_COST) <= one[0].high for one in costs) >= 90
    yen = [replace(one, facts=facts(amount=Money(500, "JPY"))) for one in traffic(50, 1)]
    both = estimated(BETTER, traffic(100, 2) + yen).costs
    assert [(one.currency, one.payments) for one in both] == [("EUR", 100), ("JPY", 50)]


def test_the_policy_that_was_in_force_is_estimated_at_what_happened() -> None:
    recorded = traffic(500, 3)
    found = estimated(LOGGED, recorded)
    assert found.elsewhere == 0 and found.effective_sample == pytest.approx(500)
    for name in ("ips", "snips"):
        assert found.approvals[name].value == pytest.approx(found.approvals_were)


def test_payments_that_cannot_be_judged_are_counted_by_reason() -> None:
    only_north = policy(default=Order((NORTH,)))
    recorded = traffic(100, 4, only_north)
    recorded[0] = replace(recorded[0], receipt=None)
    recorded[1] = replace(recorded[1], approved=None)
    to_south = estimated(policy(default=Order((SOUTH,))), recorded)
    assert to_south.judged == 0
    assert to_south.not_judged == {NotJudged.NO_RECEIPT: 1, NotJudged.NEVER_ASKED: 99}
    assert to_south.elsewhere == 99
    assert to_south.approvals["ips"].value == 0 and to_south.costs == ()
    to_north = estimated(policy(default=Order((NORTH, EAST))), recorded)
    assert (to_north.judged, to_north.elsewhere) == (98, 0)
    assert to_north.not_judged == {NotJudged.NO_RECEIPT: 1, NotJudged.NO_OUTCOME: 1}


def test_a_chance_of_an_account_that_was_never_asked_is_enough_not_to_judge() -> None:
    recorded = traffic(50, 5, policy(default=Split((Share(NORTH, 1), Share(SOUTH, 1)))))
    found = estimated(policy(default=Split((Share(NORTH, 99), Share(EAST, 1)))), recorded)
    assert found.not_judged == {NotJudged.NEVER_ASKED: 50}


def test_what_the_policy_refuses_is_not_approved_and_costs_nothing() -> None:
    refusing = policy(Rule("no French", In(Field.PLAYER_COUNTRY, ("FR",)), Refuse("no")))
    recorded = traffic(1000, 6)
    found = estimated(replace(refusing, default=Order((SOUTH,))), recorded)
    french = sum(one.facts.player_country == "FR" for one in recorded)
    assert (found.refused, found.judged) == (french, 1000)
    assert found.approvals["snips"].value == pytest.approx(0.6 * 0.9, abs=0.05)
    assert found.costs[0].payments == 1000 - french
    assert found.costs[0].would_be == 25


def test_an_account_that_was_down_then_is_down_in_the_estimate() -> None:
    recorded = traffic(50, 7, health=Health(stops=(Stop(psp="south"),)))
    moved = replay_plain(BETTER, PLAIN, Statistics(), recorded)
    assert {one.after for one in moved} <= {NORTH, EAST}
    assert estimated(BETTER, recorded).judged == 50


def test_a_plain_replay_names_the_payments_that_would_have_gone_elsewhere() -> None:
    recorded = traffic(200, 8)
    moved = replay_plain(BETTER, PLAIN, Statistics(), recorded)
    assert replay_plain(LOGGED, PLAIN, Statistics(), recorded) == []
    by_id = {one.facts.payment_id: one for one in recorded}
    assert 0 < len(moved) == estimated(BETTER, recorded).elsewhere
    for one in moved:
        receipt = by_id[one.payment_id].receipt
        assert receipt is not None and one.before == receipt.candidates[0].account != one.after
        if by_id[one.payment_id].facts.player_country == "DE":
            assert (one.after, one.rule) == (SOUTH, "south is good at Germans")


def test_a_bandit_is_estimated_by_the_propensities_that_it_would_have_had() -> None:
    rows = [(NORTH, 770), (SOUTH, 780), (EAST, 770)]
    counts = tuple(Tally(account, "", Counts(1000, good)) for account, good in rows)
    by = policy(Rule("bandit", All(), Bandit(accounts=MAINS, exploration=10)))
    found = estimate(by, PLAIN, Statistics("1", counts), traffic(2000, 9))
    assert found.judged == 2000
    assert found.approvals["doubly_robust"].low < 0.78 < found.approvals["doubly_robust"].high


def test_nothing_recorded_is_nothing_told() -> None:
    found = estimated(BETTER, [])
    assert (found.payments, found.judged, found.effective_sample) == (0, 0, 0)


def test_estimators_by_hand() -> None:
    samples = [Sample(2.0, 1.0, 0.5, 0.6), Sample(0.0, 1.0, 0.5, 0.6), Sample(2.0, 0.0, 0.5, 0.6)]
    assert ips(samples).value == pytest.approx(2 / 3)
    assert snips(samples).value == pytest.approx(0.5)
    assert doubly_robust(samples).value == pytest.approx(0.6)
    assert effective_sample(samples) == pytest.approx(2.0)


def test_all_of_a_few_is_not_taken_for_certainty() -> None:
    sure = ips([Sample(1.0, 1.0, 1.0, 1.0)] * 30)
    assert sure.value == 1.0
    assert sure.low == pytest.approx(0.9)


def test_names_of_the_simulation_are_all_known() -> None:
    assert {name for _, name in RATES} == set(NAMES) == set(COSTS)
