"""A condition means the same to whoever evaluates it and to whoever reasons about it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.routing.examples import facts, policy, rule
from tests.domain.routing.strategies import CONDITIONS, FACTS, POLICIES
from workflows.domain.money import Money
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.policy.fields import Field
from workflows.domain.routing.policy.matching import compiled, matcher_of
from workflows.domain.routing.policy.rules import (
    All,
    AtLeast,
    Between,
    Condition,
    Either,
    In,
    Known,
    Not,
    NotIn,
    Policy,
    Prefix,
)
from workflows.domain.routing.proofs.boxes import boxes_of, contains


@given(CONDITIONS, FACTS)
def test_the_boxes_of_a_condition_hold_exactly_the_payments_that_it_holds_for(
    condition: Condition, of: RoutingFacts
) -> None:
    holds = compiled(condition)(of)
    boxes, others = boxes_of(condition), boxes_of(condition, holds=False)
    if boxes is not None:
        assert any(contains(box, of) for box in boxes) == holds
    if others is not None:
        assert any(contains(box, of) for box in others) != holds


@given(CONDITIONS, FACTS)
def test_a_condition_or_its_opposite_holds_and_never_both(
    condition: Condition, of: RoutingFacts
) -> None:
    assert compiled(condition)(of) != compiled(Not(condition))(of)


@given(POLICIES, st.lists(FACTS, min_size=1, max_size=5))
def test_the_masks_skip_no_rule_that_holds_and_keep_the_order(
    of: Policy, payments: list[RoutingFacts]
) -> None:
    for payment in payments:
        one_by_one = [one for one in of.rules if compiled(one.when)(payment)]
        assert list(matcher_of(of).matching(payment)) == one_by_one


def test_what_is_not_known_equals_nothing_and_differs_from_everything() -> None:
    unknown = facts(player_country=None)
    assert not compiled(In(Field.PLAYER_COUNTRY, ("DE",)))(unknown)
    assert compiled(NotIn(Field.PLAYER_COUNTRY, ("DE",)))(unknown)
    assert not compiled(Known(Field.PLAYER_COUNTRY))(unknown)


def test_an_amount_is_compared_in_its_own_currency_alone() -> None:
    fifty = AtLeast(Field.AMOUNT, Money(5000, "EUR"))
    assert compiled(fifty)(facts(amount=Money(5000, "EUR")))
    assert not compiled(fifty)(facts(amount=Money(4999, "EUR")))
    assert not compiled(fifty)(facts(amount=Money(9000, "USD")))
    assert compiled(Not(fifty))(facts(amount=Money(9000, "USD")))


def test_a_range_of_bins_takes_longer_bins_and_not_shorter_ones() -> None:
    between = compiled(Between(Field.BIN, "4111110", "4111115"))
    assert between(facts(bin="41111149")) and between(facts(bin="4111115"))
    assert not between(facts(bin="4111116")) and not between(facts(bin="411111"))
    assert compiled(Prefix(Field.BIN, ("51", "4111")))(facts(bin="411111"))


def test_all_of_nothing_is_always_and_any_of_nothing_is_never() -> None:
    assert compiled(All())(facts()) and not compiled(Either(()))(facts())


def test_a_policy_is_compiled_once() -> None:
    one = policy(rule("cards", In(Field.METHOD, ("card",))))
    assert matcher_of(one) is matcher_of(one)
    assert one == policy(rule("cards", In(Field.METHOD, ("card",))))
