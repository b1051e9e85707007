"""A policy is refused on entry for what could never work, with the place and what is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.domain.routing.examples import ACCOUNTS, EAST, NORTH, SOUTH, WEST, policy, rule
from tests.domain.routing.strategies import FACTS, POLICIES
from workflows.domain.money import Money
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.policy.fields import Field
from workflows.domain.routing.policy.matching import compiled
from workflows.domain.routing.policy.rules import (
    All,
    AtLeast,
    AtMost,
    Between,
    Condition,
    Either,
    Exhausted,
    In,
    Not,
    NotIn,
    Order,
    Policy,
    Prefix,
    Refuse,
    Rule,
)
from workflows.domain.routing.proofs.flaws import Flaw, PolicyRefused
from workflows.domain.routing.proofs.validation import accept, validate

CARDS = In(Field.METHOD, ("card",))
GERMANS = In(Field.PLAYER_COUNTRY, ("DE",))


def document(**changed: Any) -> dict[str, Any]:
    first = {
        "name": "cards",
        "when": {"field": "method", "in": ["card"]},
        "then": {"order": ["north/eu", "south/eu"]},
    }
    return {"id": "deposits", "version": 1, "rules": [first], "default": {"refuse": "no"}} | changed


def with_rule(**changed: Any) -> dict[str, Any]:
    return document(rules=[document()["rules"][0] | changed])


def refused(of: object) -> set[tuple[str, str]]:
    with pytest.raises(PolicyRefused) as caught:
        accept(of, ACCOUNTS)
    for flaw in caught.value.flaws:
        assert flaw.sentence and flaw.place in str(caught.value)
    return {(flaw.place, flaw.code) for flaw in caught.value.flaws}


def when(**comparison: Any) -> dict[str, Any]:
    return with_rule(when=comparison)


def then(**action: Any) -> dict[str, Any]:
    return with_rule(then=action)


ARM = {"name": "a", "weight": 1, "accounts": ["north/eu"]}
EUROS = {"amount": "10.00", "currency": "EUR"}
MORE = {"amount": "10.01", "currency": "EUR"}
DOLLARS = {"amount": "10.00", "currency": "USD"}
PLACE = "/rules/0/when"

WRONG: list[tuple[Any, str, str]] = [
    ([], "", "wrong_type"),
    (document(colour="red"), "/colour", "unknown_field"),
    ({"id": "x", "version": 1, "rules": []}, "/default", "missing_default"),
    (document(version="1"), "/version", "wrong_type"),
    (document(version=True), "/version", "wrong_type"),
    (document(id=None), "/id", "wrong_type"),
    (document(rules={}), "/rules", "wrong_type"),
    (document(rules=[{}] * 501), "/rules", "wrong_type"),
    (document(cascade={"attempts": 0}), "/cascade/attempts", "wrong_type"),
    (with_rule(name="a\nb"), "/rules/0/name", "wrong_type"),
    (with_rule(if_none_allowed="perhaps"), "/rules/0/if_none_allowed", "wrong_type"),
    (when(field="shoe_size", at_least=3), f"{PLACE}/field", "unknown_field"),
    (when(field=["method"], at_least=3), f"{PLACE}/field", "unknown_field"),
    (when(field="method", like="c%", **{"in": ["card"]}), f"{PLACE}/like", "unknown_field"),
    (when(field="method"), PLACE, "wrong_type"),
    (when(field="method", at_least=3), f"{PLACE}/at_least", "wrong_type"),
    (when(field="method", prefix=["ca"]), f"{PLACE}/prefix", "wrong_type"),
    (when(field="method", **{"in": []}), f"{PLACE}/in", "empty_list"),
    (when(field="method", **{"in": [3]}), f"{PLACE}/in/0", "wrong_type"),
    (when(field="player_country", **{"in": ["de"]}), f"{PLACE}/in/0", "wrong_type"),
    (when(field="weekday", **{"in": ["mon", "someday"]}), f"{PLACE}/in/1", "wrong_type"),
    (when(field="hour", **{"in": [24]}), f"{PLACE}/in/0", "wrong_type"),
    (when(field="hour", between=[22, 6]), f"{PLACE}/between", "contradiction"),
    (when(field="amount", between=[MORE, EUROS]), f"{PLACE}/between", "contradiction"),
    (when(field="bin", between=["42", "41"]), f"{PLACE}/between", "contradiction"),
    (when(field="hour", between=[1, 2, 3]), f"{PLACE}/between", "wrong_type"),
    (when(field="bin", **{"in": ["4111111111111111"]}), f"{PLACE}/in/0", "wrong_type"),
    (when(field="bin", between=["4111", "41"]), f"{PLACE}/between", "wrong_type"),
    (when(field="amount", at_least=1000), f"{PLACE}/at_least", "wrong_type"),
    (when(field="amount", at_least=10.5), f"{PLACE}/at_least", "wrong_type"),
    (when(field="amount", at_least={"amount": "1.5"}), f"{PLACE}/at_least/currency", "missing"),
    (
        when(field="amount", at_least={"amount": "1.5", "currency": "JPY"}),
        f"{PLACE}/at_least",
        "wrong_type",
    ),
    (when(field="amount", between=[EUROS, DOLLARS]), f"{PLACE}/between", "wrong_currency"),
    (when(field="amount", **{"in": [EUROS]}), f"{PLACE}/in", "wrong_type"),
    (when(field="currency", **{"in": ["XXX"]}), f"{PLACE}/in/0", "wrong_type"),
    (when(**{"not": {"any": [{"field": "x"}]}}), f"{PLACE}/not/any/0/field", "unknown_field"),
    (then(order=[]), "/rules/0/then/order", "empty_result"),
    (then(order=["north/eu", "north/us"]), "/rules/0/then/order/1", "unknown_account"),
    (then(cheapest=[]), "/rules/0/then/cheapest", "empty_result"),
    (then(cheapest=["x/y"]), "/rules/0/then/cheapest/0", "unknown_account"),
    (then(order=["north/closed"]), "/rules/0/then/order/0", "unknown_account"),
    (then(order=["north"]), "/rules/0/then/order/0", "wrong_type"),
    (then(order=["north/eu", "north/eu"]), "/rules/0/then/order/1", "duplicate_account"),
    (then(order=["north/eu"], refuse="no"), "/rules/0/then", "wrong_type"),
    (then(split=[{"account": "north/eu", "weight": 0}]), "/rules/0/then/split", "empty_result"),
    (
        then(split=[{"account": "north/eu", "weight": -1}]),
        "/rules/0/then/split/0/weight",
        "wrong_type",
    ),
    (
        then(experiment={"name": "x", "salt": "y", "arms": [ARM]}),
        "/rules/0/then/experiment/arms",
        "wrong_type",
    ),
    (
        then(bandit={"accounts": ["north/eu"], "exploration": 101}),
        "/rules/0/then/bandit/exploration",
        "wrong_type",
    ),
    (
        then(bandit={"accounts": ["north/eu"], "segmented_by": ["amount"]}),
        "/rules/0/then/bandit/segmented_by/0",
        "wrong_type",
    ),
    (document(default={"order": []}), "/default/order", "empty_result"),
    (document(default={"ask": []}), "/default", "wrong_type"),
]


@pytest.mark.parametrize(("wrong", "place", "code"), WRONG)
def test_what_is_wrong_is_told_with_its_place(wrong: Any, place: str, code: str) -> None:
    assert refused(wrong) == {(place, code)}


def test_every_flaw_is_told_at_once() -> None:
    wrong = document(version=0, rules=[{"name": "x", "when": {}, "then": {}}], default={})
    assert len(refused(wrong)) == 4


def test_conditions_within_each_other_have_an_end() -> None:
    deep: dict[str, Any] = {"field": "method", "in": ["card"]}
    for _ in range(500):
        deep = {"not": deep}
    ((_, code),) = refused(with_rule(when=deep))
    assert code == "too_deep"


def test_what_was_written_is_not_repeated_where_it_may_be_a_card_number() -> None:
    with pytest.raises(PolicyRefused) as caught:
        accept(when(field="bin", **{"in": ["4111111111111111"]}), ACCOUNTS)
    assert "4111" not in str(caught.value)


def flaws(*rules: Rule) -> list[tuple[str, str]]:
    return [(flaw.place, flaw.code) for flaw in validate(policy(*rules), ACCOUNTS)]


def test_a_rule_behind_a_wider_one_is_unreachable_and_the_wider_one_is_named() -> None:
    narrow = All((CARDS, GERMANS))
    (flaw,) = validate(policy(rule("wide", CARDS, NORTH), rule("narrow", narrow, NORTH)), ACCOUNTS)
    assert (flaw.place, flaw.code) == ("/rules/1", "unreachable")
    assert flaw.sentence.endswith(": wide")
    assert flaws(rule("narrow", narrow, NORTH), rule("wide", CARDS, NORTH)) == []


def test_rules_that_only_together_leave_nothing_make_the_third_unreachable() -> None:
    small = Between(Field.AMOUNT, Money(0, "EUR"), Money(5000, "EUR"))
    large = AtLeast(Field.AMOUNT, Money(4000, "EUR"))
    euros = In(Field.CURRENCY, ("EUR",))
    rules = rule("small", small, EAST), rule("large", large, EAST), rule("euros", euros, EAST)
    assert flaws(*rules) == [("/rules/2", "unreachable")]
    gap = AtLeast(Field.AMOUNT, Money(5002, "EUR"))
    assert flaws(rules[0], rule("large", gap, EAST), rules[2]) == []


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (Prefix(Field.BIN, ("41",)), In(Field.BIN, ("411111", "41111111"))),
        (Prefix(Field.BIN, ("41",)), Between(Field.BIN, "4100", "4198")),
        (NotIn(Field.PLAYER_COUNTRY, ("FR",)), GERMANS),
        (Between(Field.HOUR, 8, 20), In(Field.HOUR, (8, 12, 20))),
        (Not(In(Field.WEEKDAY, ("sat", "sun"))), In(Field.WEEKDAY, ("mon", "tue"))),
        (Either((CARDS, GERMANS)), GERMANS),
        (All(), CARDS),
    ],
)
def test_a_narrower_condition_is_seen_through_each_kind_of_comparison(
    wide: Condition, narrow: Condition
) -> None:
    found = flaws(rule("wide", wide, EAST), rule("narrow", narrow, EAST))
    assert found == [("/rules/1", "unreachable")]
    assert flaws(rule("narrow", narrow, EAST), rule("wide", wide, EAST)) == []


def test_a_rule_that_is_a_wish_shadows_nobody() -> None:
    wish = Rule("wish", CARDS, Order((NORTH,)), Exhausted.NEXT_RULE)
    assert flaws(wish, rule("cards", CARDS, SOUTH)) == []
    refusal = Rule("refusal", CARDS, Refuse("no"), Exhausted.NEXT_RULE)
    assert flaws(refusal, rule("cards", CARDS, SOUTH)) == [("/rules/1", "unreachable")]


@pytest.mark.parametrize(
    "never",
    [
        All((CARDS, NotIn(Field.METHOD, ("card",)))),
        All((AtLeast(Field.AMOUNT, Money(1, "EUR")), In(Field.CURRENCY, ("USD",)))),
        All((Prefix(Field.BIN, ("41",)), Prefix(Field.BIN, ("51",)))),
        NotIn(Field.KIND, ("deposit", "payout")),
        Not(All()),
        Either(()),
    ],
)
def test_a_condition_that_no_payment_meets_is_a_contradiction(never: Condition) -> None:
    assert flaws(rule("never", never, NORTH)) == [("/rules/0/when", "contradiction")]


def test_a_rule_for_payments_that_none_of_its_accounts_takes_has_an_empty_result() -> None:
    vouchers = In(Field.METHOD, ("voucher",))
    assert flaws(rule("vouchers", vouchers, SOUTH, WEST)) == [("/rules/0/then", "empty_result")]
    huge = AtLeast(Field.AMOUNT, Money(50_001, "EUR"))
    assert flaws(rule("huge", huge, EAST)) == [("/rules/0/then", "empty_result")]
    assert flaws(rule("large", AtLeast(Field.AMOUNT, Money(50_000, "EUR")), EAST)) == []
    assert flaws(rule("small", AtMost(Field.AMOUNT, Money(1000, "EUR")), EAST)) == []
    tiny = AtMost(Field.AMOUNT, Money(999, "EUR"))
    assert flaws(rule("tiny", tiny, EAST)) == [("/rules/0/then", "empty_result")]


def test_a_name_stands_for_one_rule() -> None:
    twice = (rule("cards", GERMANS, EAST), rule("cards", CARDS, EAST))
    assert [code for _, code in flaws(*twice)] == ["duplicate_name", "duplicate_name"]


def _rules_with(found: tuple[Flaw, ...], code: str) -> list[int]:
    return [int(flaw.place.split("/")[2]) for flaw in found if flaw.code == code]


@given(POLICIES, st.lists(FACTS, min_size=1, max_size=20))
def test_a_rule_reported_unreachable_never_decides_and_a_contradiction_never_holds(
    of: Policy, payments: list[RoutingFacts]
) -> None:
    found = validate(of, ACCOUNTS)
    unreachable, contradictions = (
        _rules_with(found, "unreachable"),
        _rules_with(found, "contradiction"),
    )
    assume(unreachable or contradictions)
    for payment in payments:
        for number in contradictions:
            assert not compiled(of.rules[number].when)(payment)
        for number in unreachable:
            assert not _may_decide(of, number, payment)


def _may_decide(of: Policy, number: int, payment: RoutingFacts) -> bool:
    """Whether the rule is looked at for a payment, whatever accounts are allowed."""
    if not compiled(of.rules[number].when)(payment):
        return False
    earlier = of.rules[:number]
    return not any(
        compiled(one.when)(payment)
        and (isinstance(one.then, Refuse) or one.if_none_allowed is Exhausted.REFUSE)
        for one in earlier
    )
