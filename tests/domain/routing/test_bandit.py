"""The bandit finds the better PSP, notices when it is no longer better, and says what it did."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.routing.examples import decided, facts, plain_accounts, policy
from tests.domain.routing.simulation import (
    MAINS,
    NAMES,
    PLAIN,
    learn,
    payment_of,
    propensities,
    share,
)
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.accounts import Accounts, Cost, MerchantAccountProfile
from workflows.domain.routing.health import Health, Stop
from workflows.domain.routing.learning.posterior import belief, chances_of_best
from workflows.domain.routing.learning.statistics import (
    Counts,
    Observation,
    Statistics,
    Tally,
    segments_of,
    tally,
)
from workflows.domain.routing.policy.fields import Field
from workflows.domain.routing.policy.rules import All, Bandit, Rule, Target

NORTH, SOUTH, EAST = MAINS
SEEDS = range(5)


def counted(*rows: tuple[MerchantAccount, str, int, int, int]) -> Statistics:
    """Account, segment, attempts, approvals, chargebacks."""
    return Statistics("1", tuple(Tally(a, s, Counts(n, y, c)) for a, s, n, y, c in rows))


def chances(bandit: Bandit, statistics: Statistics, accounts: Accounts = PLAIN) -> dict[str, float]:
    by = policy(Rule("bandit", All(), bandit))
    return propensities(decided(by, facts(), accounts=accounts, statistics=statistics))


@pytest.mark.parametrize("seed", SEEDS)
def test_it_converges_on_the_psp_that_approves_most(seed: int) -> None:
    rates = {"north": 0.80, "south": 0.90, "east": 0.85}
    bandit = Bandit(accounts=MAINS, exploration=5)
    asked = learn(bandit, lambda _, name: rates[name], 4000, seed=seed, window=4000)
    assert share(asked[:100], "south") < 0.8
    assert share(asked[-1000:], "south") > 0.8


@pytest.mark.parametrize("seed", SEEDS)
def test_it_leaves_a_psp_that_degrades_within_the_window(seed: int) -> None:
    def truth(number: int, name: str) -> float:
        degraded = name == "south" and number >= 2000
        return 0.4 if degraded else {"north": 0.80, "south": 0.92, "east": 0.80}[name]

    asked = learn(Bandit(accounts=MAINS, exploration=6), truth, 4000, seed=seed, window=1000)
    assert share(asked[1500:2000], "south") > 0.8
    assert share(asked[3000:], "south") < 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_it_comes_back_to_a_psp_that_recovers(seed: int) -> None:
    def truth(number: int, name: str) -> float:
        down = name == "south" and 1000 <= number < 2500
        return 0.3 if down else {"north": 0.75, "south": 0.95, "east": 0.75}[name]

    asked = learn(Bandit(accounts=MAINS, exploration=9), truth, 6000, seed=seed, window=1000)
    assert share(asked[2000:2500], "south") < 0.1
    assert share(asked[-500:], "south") > 0.8


def test_without_counts_everybody_is_asked_alike() -> None:
    assert chances(Bandit(accounts=MAINS), Statistics()) == pytest.approx(
        dict.fromkeys(NAMES, 1 / 3)
    )


@given(st.integers(0, 100), st.integers(0, 2000), st.integers(0, 2000))
def test_everyone_keeps_its_share_of_the_exploration(floor: int, one: int, other: int) -> None:
    statistics = counted((NORTH, "", 2000, one, 0), (SOUTH, "", 2000, other, 0))
    found = chances(Bandit(accounts=MAINS, exploration=floor), statistics)
    assert sum(found.values()) == pytest.approx(1)
    assert min(found.values()) >= floor / 100 / 3 - 1e-12


def test_what_is_stated_is_what_happens() -> None:
    statistics = counted((NORTH, "", 100, 85, 0), (SOUTH, "", 100, 88, 0), (EAST, "", 20, 17, 0))
    by = policy(Rule("bandit", All(), Bandit(accounts=MAINS)))
    stated = chances(Bandit(accounts=MAINS), statistics)
    firsts = Counter(
        decided(by, facts(), accounts=PLAIN, statistics=statistics, seed=str(n)).accounts[0].psp
        for n in range(20_000)
    )
    for name in NAMES:
        assert firsts[name] / 20_000 == pytest.approx(stated[name], abs=0.012)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=2, max_size=4),
    st.integers(0, 2**32),
)
def test_the_chance_of_being_best_is_that_of_draws_from_the_posteriors(
    seen: list[tuple[int, int]], seed: int
) -> None:
    beliefs = tuple(belief(good, good + bad) for good, bad in seen)
    dice, wins = random.Random(seed), [0] * len(beliefs)
    for _ in range(2000):
        drawn = [dice.betavariate(one.alpha, one.beta) for one in beliefs]
        wins[drawn.index(max(drawn))] += 1
    for chance, won in zip(chances_of_best(beliefs), wins, strict=True):
        # Five standard deviations of 2000 draws, and the error of the integration.
        assert chance == pytest.approx(won / 2000, abs=0.061)


def test_the_integral_is_exact_where_the_answer_is_known() -> None:
    even = belief(40, 50)
    assert chances_of_best((even, even)) == pytest.approx((0.5, 0.5))
    # P(X > Y) of Beta(2, 1) and Beta(1, 1) is 2/3.
    assert chances_of_best((belief(1, 1), belief(0, 0)))[0] == pytest.approx(2 / 3, abs=0.002)
    sure, never = belief(100_000, 100_000), belief(0, 100_000)
    assert chances_of_best((sure, never, even)) == pytest.approx((1, 0, 0), abs=1e-6)


def test_the_same_counts_and_seed_choose_the_same() -> None:
    statistics = counted((NORTH, "", 100, 85, 0), (SOUTH, "", 100, 88, 0))
    by = policy(Rule("bandit", All(), Bandit(accounts=MAINS)))
    first = decided(by, payment_of(1), accounts=PLAIN, statistics=statistics, seed="7")
    assert first == decided(by, payment_of(1), accounts=PLAIN, statistics=statistics, seed="7")
    assert (first.receipt.statistics, first.receipt.segment) == ("1", "")


def test_a_thin_segment_looks_at_its_parent() -> None:
    bandit = Bandit(accounts=MAINS, segmented_by=(Field.METHOD, Field.SEGMENT), enough=100)
    by = policy(Rule("bandit", All(), bandit))
    cards, vips = "method=card", "method=card|segment=vip"
    rows = [(NORTH, cards, 300, 270, 0), (SOUTH, cards, 300, 200, 0)]
    thin = [(NORTH, vips, 49, 4, 0), (SOUTH, vips, 50, 48, 0)]
    thick = [(NORTH, vips, 50, 4, 0), (SOUTH, vips, 50, 48, 0)]
    for rest, segment, best in ((thin, cards, "north"), (thick, vips, "south")):
        statistics = counted(*rows, *rest)
        vip = facts(segment="vip")
        decision = decided(by, vip, accounts=PLAIN, statistics=statistics)
        assert decision.receipt.segment == segment
        stated = propensities(decision)
        assert max(stated, key=stated.__getitem__) == best
    nothing = decided(by, facts(), accounts=PLAIN, statistics=Statistics("1"))
    assert nothing.receipt.segment == ""


def test_chargebacks_weeks_later_take_approvals_back() -> None:
    rows = [(NORTH, "", 1000, 900, 150), (SOUTH, "", 1000, 860, 0)]
    assert chances(Bandit(accounts=MAINS[:2]), counted(*rows))["south"] > 0.9
    blind = Bandit(accounts=MAINS[:2], chargeback_weight=0)
    assert chances(blind, counted(*rows))["north"] > 0.9


def test_a_chargeback_counts_in_the_window_in_which_it_is_heard_of() -> None:
    heard = Observation(account=NORTH, segments=("card", ""), attempted=False, charged_back=True)
    paid = Observation(account=NORTH, segments=("card", ""), approved=True)
    assert tally([paid, heard, paid], "1").by_segment["card"]["north/main"] == Counts(2, 2, 1)
    only = tally([heard] * 3, "1")
    assert sum(chances(Bandit(accounts=MAINS), only).values()) == pytest.approx(1)


def test_on_margin_a_cheaper_psp_beats_one_that_approves_a_little_more() -> None:
    dear = MerchantAccountProfile(psp="north", id="main", costs=(Cost("EUR", 30, 60_000),))
    cheap = MerchantAccountProfile(psp="south", id="main", costs=(Cost("EUR", 5, 5_000),))
    accounts = Accounts((dear, cheap))
    rows = [(NORTH, "", 5000, 4550, 0), (SOUTH, "", 5000, 4450, 0)]
    conversion = Bandit(accounts=MAINS[:2], exploration=0)
    margin = Bandit(accounts=MAINS[:2], exploration=0, target=Target.MARGIN)
    assert chances(conversion, counted(*rows), accounts)["north"] > 0.9
    assert chances(margin, counted(*rows), accounts)["south"] > 0.9


def test_a_fixed_cost_weighs_in_a_small_payment_and_not_in_a_large_one() -> None:
    fixed = MerchantAccountProfile(psp="north", id="main", costs=(Cost("EUR", 50),))
    free = MerchantAccountProfile(psp="south", id="main")
    margin = Bandit(accounts=MAINS[:2], exploration=0, target=Target.MARGIN)
    by = policy(Rule("bandit", All(), margin))
    statistics = counted((NORTH, "", 5000, 4550, 0), (SOUTH, "", 5000, 4400, 0))
    for amount, best in ((500, "south"), (50_000, "north")):
        payment = facts(amount=Money(amount, "EUR"))
        accounts = Accounts((fixed, free))
        stated = propensities(decided(by, payment, accounts=accounts, statistics=statistics))
        assert stated[best] > 0.9


def test_a_stopped_psp_has_no_propensity_and_the_others_share_it() -> None:
    by = policy(Rule("bandit", All(), Bandit(accounts=MAINS)))
    stopped = Health(stops=(Stop(psp="south"),))
    stated = propensities(decided(by, facts(), accounts=PLAIN, health=stopped))
    assert stated == pytest.approx({"north": 0.5, "east": 0.5})


def test_one_account_alone_is_certain() -> None:
    one = plain_accounts(["north"])
    assert chances(Bandit(accounts=MAINS[:1]), Statistics(), one) == {"north": 1.0}


def test_a_costs_share_is_rounded_to_whole_minor_units() -> None:
    cost = Cost("EUR", fixed=25, rate=29_000)
    assert cost.of(Money(5000, "EUR"), approved=True) == 25 + 145
    assert cost.of(Money(17, "EUR"), approved=True) == 25
    assert cost.of(Money(18, "EUR"), approved=True) == 26
    assert cost.of(Money(5000, "EUR"), approved=False) == 25


def test_a_segment_names_its_fields_and_what_is_not_known() -> None:
    midnight = facts(hour=0, player_country="DE")
    by_hour = segments_of(midnight, (Field.HOUR, Field.SCHEME))
    assert by_hour == ["hour=0|scheme=-", "hour=0", ""]
    by_player, by_card = ((Field.PLAYER_COUNTRY,), (Field.CARD_COUNTRY,))
    german_card = facts(card_country="DE")
    assert segments_of(midnight, by_player)[0] != segments_of(german_card, by_card)[0]
