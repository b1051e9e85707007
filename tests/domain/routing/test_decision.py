"""A route is always allowed, always explained, and always the same for the same facts."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.domain.routing.examples import (
    ACCOUNTS,
    EAST,
    NORTH,
    OFF,
    SOUTH,
    WEST,
    decided,
    facts,
    policy,
    rule,
)
from tests.domain.routing.strategies import ACCEPTED, FACTS, HEALTH, SEEDS, STATISTICS
from workflows.domain.money import Money
from workflows.domain.routing.accounts import (
    Accounts,
    AccountStatus,
    Cost,
    MerchantAccountProfile,
    key_of_account,
    serves,
)
from workflows.domain.routing.breaker import State
from workflows.domain.routing.decision import RoutingDecision
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.health import WELL, Health, Standing, Stop
from workflows.domain.routing.learning.experiments import Arm, Experiment
from workflows.domain.routing.learning.statistics import Statistics
from workflows.domain.routing.policy.fields import Field
from workflows.domain.routing.policy.matching import compiled
from workflows.domain.routing.policy.reading import read_policy
from workflows.domain.routing.policy.rules import (
    All,
    Cheapest,
    Exhausted,
    In,
    Order,
    Policy,
    Refuse,
    Rule,
    Share,
    Split,
    accounts_of,
)
from workflows.domain.routing.policy.writing import write_policy
from workflows.domain.routing.receipt import ExclusionReason

CARDS = In(Field.METHOD, ("card",))


KINDS: list[Any] = [RoutingFacts, Accounts, Health, Statistics, RoutingDecision, Policy]
ADAPTERS: dict[Any, TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in KINDS}


def through_json(value: Any, kind: Any) -> Any:
    adapter = ADAPTERS[kind]
    return adapter.validate_json(adapter.dump_json(value))


@given(ACCEPTED, FACTS, HEALTH, STATISTICS, SEEDS)
def test_every_account_of_a_route_may_take_the_payment_and_is_named_by_what_decided(
    by: Policy, of: RoutingFacts, health: Health, statistics: Statistics, seed: str
) -> None:
    decision = decided(by, of, health=health, statistics=statistics, seed=seed)
    rules = {one.name: one for one in by.rules}
    name = decision.receipt.rule
    if name is not None:
        assert compiled(rules[name].when)(of)
    action = by.default if name is None else rules[name].then
    assert set(decision.accounts) <= set(accounts_of(action))
    for account in decision.accounts:
        profile = ACCOUNTS.by_key[key_of_account(account)]
        limit = profile.limit(of.currency)
        assert profile.status is AccountStatus.ACTIVE and of.kind in profile.kinds
        assert serves(profile.brands, of.brand) and serves(profile.regions, of.region)
        assert serves(profile.methods, of.method) and serves(profile.currencies, of.currency)
        assert limit.minimum <= of.amount.minor_units
        assert limit.maximum is None or of.amount.minor_units <= limit.maximum
        assert not any(
            one.psp == account.psp and one.is_about(account, of.method) and one.blocks
            for one in health.standings
        )
        assert not any(one.psp == account.psp and one.is_about(account, of) for one in health.stops)


@given(ACCEPTED, FACTS, HEALTH, STATISTICS, SEEDS)
def test_every_payment_gets_accounts_or_a_reason_and_every_account_is_accounted_for(
    by: Policy, of: RoutingFacts, health: Health, statistics: Statistics, seed: str
) -> None:
    decision = decided(by, of, health=health, statistics=statistics, seed=seed)
    receipt = decision.receipt
    assert bool(decision.accounts) != bool(decision.refusal)
    assert len(set(decision.accounts)) == len(decision.accounts)
    named = [one.account for one in receipt.candidates]
    named += [one.account for one in receipt.excluded]
    assert sorted(map(key_of_account, named)) == sorted(ACCOUNTS.by_key)
    if receipt.candidates:
        assert abs(sum(one.propensity for one in receipt.candidates) - 1) < 1e-9
        assert receipt.candidates[0].propensity > 0


@given(ACCEPTED, FACTS, HEALTH, STATISTICS, SEEDS)
def test_the_same_facts_give_the_same_decision_before_and_after_json(
    by: Policy, of: RoutingFacts, health: Health, statistics: Statistics, seed: str
) -> None:
    decision = decided(by, of, health=health, statistics=statistics, seed=seed)
    again = decided(
        read_policy(json.loads(json.dumps(write_policy(by)))),
        through_json(of, RoutingFacts),
        accounts=through_json(ACCOUNTS, Accounts),
        health=through_json(health, Health),
        statistics=through_json(statistics, Statistics),
        seed=seed,
    )
    assert again == decision
    assert through_json(decision, RoutingDecision) == decision
    assert through_json(by, Policy) == by


def test_the_first_rule_that_holds_decides() -> None:
    by = policy(
        rule("payouts", In(Field.KIND, ("payout",)), WEST),
        rule("cards", CARDS, SOUTH, NORTH),
        rule("all", All(), EAST),
    )
    decision = decided(by, facts())
    assert (decision.receipt.rule, decision.accounts) == ("cards", (SOUTH, NORTH))


def test_a_must_that_finds_no_account_refuses_and_a_wish_looks_further() -> None:
    must = policy(rule("must", CARDS, OFF), default=Order((NORTH,)))
    assert decided(must, facts()).refusal == "no_account_allowed"
    wish = policy(Rule("wish", CARDS, Order((OFF,)), Exhausted.NEXT_RULE), default=Order((NORTH,)))
    decision = decided(wish, facts())
    assert decision.accounts == (NORTH,)
    assert (decision.receipt.rule, decision.receipt.passed_over) == (None, ("wish",))
    met = policy(Rule("wish", CARDS, Order((SOUTH,)), Exhausted.NEXT_RULE), default=Order((NORTH,)))
    assert decided(met, facts()).accounts == (SOUTH,)


def test_a_refusal_says_the_reason_of_the_rule_or_of_the_default() -> None:
    closed = Rule("closed", In(Field.REGION, ("EU",)), Refuse("not_in_this_region"))
    assert decided(policy(closed), facts()).refusal == "not_in_this_region"
    assert decided(policy(closed), facts(region="US")).refusal == "no_rule_for_it"


def test_a_receipt_says_why_each_account_was_left_out() -> None:
    by = policy(rule("all", All(), SOUTH, EAST))
    health = Health(
        standings=(Standing(psp="south", state=State.OPEN),), stops=(Stop(psp="north", brand="x"),)
    )
    receipt = decided(by, facts(amount=Money(999, "EUR")), health=health).receipt
    assert {key_of_account(one.account): one.reason for one in receipt.excluded} == {
        "north/eu": ExclusionReason.NOT_NAMED,
        "south/eu": ExclusionReason.BREAKER_OPEN,
        "east/main": ExclusionReason.BELOW_MINIMUM,
        "west/usd": ExclusionReason.CURRENCY,
        "north/paused": ExclusionReason.SWITCHED_OFF,
        "north/closed": ExclusionReason.SWITCHED_OFF,
    }
    assert receipt.refusal == "no_account_allowed"


def test_a_half_open_account_is_a_candidate_only_as_a_probe() -> None:
    by = policy(rule("cards", CARDS, SOUTH, NORTH))
    for probe in (False, True):
        standing = Standing(psp="south", account="eu", state=State.HALF_OPEN, probe=probe)
        decision = decided(by, facts(), health=Health((standing,)))
        assert decision.accounts == ((SOUTH, NORTH) if probe else (NORTH,))
        assert decision.receipt.candidates[0].probe == probe


def test_a_closed_breaker_is_in_nobodys_way() -> None:
    standing = Standing(psp="south", state=State.CLOSED)
    by = policy(rule("cards", CARDS, SOUTH))
    assert decided(by, facts(), health=Health((standing,))).accounts == (SOUTH,)


def test_a_stop_holds_for_its_brand_and_region_alone() -> None:
    stopped = Health(stops=(Stop(psp="south", brand="lucky", region="EU"),))
    by = policy(rule("cards", CARDS, SOUTH))
    assert decided(by, facts(), health=stopped).refusal == "no_account_allowed"
    assert decided(by, facts(brand="royal"), health=stopped).accounts == (SOUTH,)
    assert decided(by, facts(region="US"), health=stopped).accounts == (SOUTH,)


def test_the_ends_of_a_limit_are_within_it() -> None:
    by = policy(rule("all", All(), EAST))
    for units, allowed in ((999, False), (1000, True), (50_000, True), (50_001, False)):
        assert bool(decided(by, facts(amount=Money(units, "EUR"))).accounts) == allowed
    assert decided(by, facts(amount=Money(10**9, "JPY"))).accounts == (EAST,)


def test_behind_the_drawn_one_a_split_asks_the_heaviest_first() -> None:
    split = Split((Share(EAST, 1), Share(NORTH, 3), Share(SOUTH, 2)))
    by = policy(Rule("split", All(), split))
    heaviest = (NORTH, SOUTH, EAST)
    for number in range(50):
        first, *others = decided(by, facts(), seed=str(number)).accounts
        assert others == [account for account in heaviest if account != first]


def test_a_split_follows_its_weights_and_states_them() -> None:
    split = Split((Share(NORTH, 1), Share(SOUTH, 3), Share(EAST, 0)))
    by = policy(Rule("split", All(), split))
    firsts = [decided(by, facts(), seed=str(number)) for number in range(2000)]
    share = sum(one.accounts[0] == SOUTH for one in firsts) / 2000
    assert abs(share - 0.75) < 0.03
    for one in firsts[:20]:
        stated = {c.account: c.propensity for c in one.receipt.candidates}
        assert stated == {SOUTH: 0.75, NORTH: 0.25, EAST: 0.0}


def test_a_split_whose_heavy_accounts_are_down_falls_to_the_rest() -> None:
    by = policy(Rule("split", All(), Split((Share(OFF, 9), Share(EAST, 0), Share(NORTH, 0)))))
    decision = decided(by, facts())
    assert decision.accounts == (EAST, NORTH)
    assert decision.receipt.candidates[0].propensity == 1.0


def test_the_cheapest_depends_on_the_amount_and_is_asked_first() -> None:
    dear = MerchantAccountProfile(psp="north", id="eu", costs=(Cost("EUR", 5, 30_000),))
    fixed = MerchantAccountProfile(psp="south", id="eu", costs=(Cost("EUR", 50),))
    by = policy(Rule("cheap", All(), Cheapest((NORTH, SOUTH))))
    for units, first in ((1000, NORTH), (1500, NORTH), (1550, SOUTH), (5000, SOUTH)):
        payment = facts(amount=Money(units, "EUR"))
        decision = decided(by, payment, accounts=Accounts((dear, fixed)))
        assert decision.accounts[0] == first
        assert decision.receipt.candidates[0].propensity == 1.0


def test_an_arm_without_an_account_is_served_by_the_others_and_keeps_its_name() -> None:
    arms = (Arm("a", 1, (OFF,)), Arm("b", 1, (SOUTH, NORTH)))
    by = policy(Rule("try", CARDS, Experiment(name="x", salt="s", arms=arms)))
    seen = {}
    for number in range(40):
        decision = decided(by, facts(player_id=f"player-{number}"))
        assert decision.accounts == (SOUTH, NORTH)
        assert decision.receipt.candidates[0].propensity == 1.0
        seen[decision.receipt.arm] = decision.receipt.experiment
    assert seen == {"a": "x", "b": "x"}


@given(FACTS)
def test_nothing_is_routed_where_all_is_well_but_nobody_serves_it(of: RoutingFacts) -> None:
    nobody = decided(policy(default=Order((OFF,))), of, health=WELL)
    assert nobody.refusal == "no_account_allowed"


@given(st.text("0123456789", min_size=9, max_size=19))
def test_a_card_number_is_no_fact_and_is_not_repeated(number: str) -> None:
    try:
        facts(bin=number)
    except ValueError as refused:
        assert number not in str(refused)
    else:
        raise AssertionError("a number of more than 8 digits was taken for a BIN")
