"""A policy is a plain document: written, stored, read back and explained."""

from __future__ import annotations

import json

from hypothesis import given

from tests.domain.routing.examples import EAST, NORTH, SOUTH
from tests.domain.routing.strategies import POLICIES
from workflows.domain.cascading import CascadeLimits
from workflows.domain.money import Money
from workflows.domain.routing.learning.experiments import Arm, Experiment, Guardrail, Metric
from workflows.domain.routing.policy.fields import Field
from workflows.domain.routing.policy.reading import read_policy
from workflows.domain.routing.policy.rules import (
    All,
    AtLeast,
    Bandit,
    Cheapest,
    Either,
    Exhausted,
    In,
    Not,
    Order,
    Policy,
    Prefix,
    Refuse,
    Rule,
)
from workflows.domain.routing.policy.wording import explain
from workflows.domain.routing.policy.writing import write_policy

DOCUMENT = {
    "id": "deposits",
    "version": 3,
    "rules": [
        {
            "name": "large German cards",
            "when": {
                "all": [
                    {"field": "player_country", "in": ["DE"]},
                    {"field": "amount", "at_least": {"amount": "500.00", "currency": "EUR"}},
                    {"any": [{"field": "bin", "prefix": ["4", "51"]}, {"not": {"all": []}}]},
                ]
            },
            "then": {"order": ["north/eu", "south/eu"]},
            "if_none_allowed": "next_rule",
        },
        {
            "name": "try south",
            "when": {"field": "method", "in": ["card"]},
            "then": {
                "experiment": {
                    "name": "south-first",
                    "salt": "2026-11",
                    "unit": "player",
                    "minimum_sample": 500,
                    "arms": [
                        {"name": "control", "weight": 9, "accounts": ["north/eu"]},
                        {"name": "south", "weight": 1, "accounts": ["south/eu"]},
                    ],
                    "guardrail": {"metric": "chargebacks", "worse_by": 50},
                }
            },
            "if_none_allowed": "refuse",
        },
    ],
    "default": {"refuse": "no_route"},
    "cascade": {"attempts": 2, "seconds": 30, "scheme_reattempts": 20},
}
POLICY = Policy(
    id="deposits",
    version=3,
    rules=(
        Rule(
            "large German cards",
            All(
                (
                    In(Field.PLAYER_COUNTRY, ("DE",)),
                    AtLeast(Field.AMOUNT, Money(50_000, "EUR")),
                    Either((Prefix(Field.BIN, ("4", "51")), Not(All()))),
                )
            ),
            Order((NORTH, SOUTH)),
            Exhausted.NEXT_RULE,
        ),
        Rule(
            "try south",
            In(Field.METHOD, ("card",)),
            Experiment(
                name="south-first",
                salt="2026-11",
                minimum_sample=500,
                arms=(Arm("control", 9, (NORTH,)), Arm("south", 1, (SOUTH,))),
                guardrail=Guardrail(Metric.CHARGEBACKS, 50),
            ),
        ),
    ),
    default=Refuse("no_route"),
    cascade=CascadeLimits(attempts=2, seconds=30, scheme_reattempts=20),
)


def test_a_document_is_the_policy_that_it_says() -> None:
    assert read_policy(DOCUMENT) == POLICY
    assert write_policy(POLICY) == DOCUMENT


@given(POLICIES)
def test_any_policy_survives_json(policy: Policy) -> None:
    assert read_policy(json.loads(json.dumps(write_policy(policy)))) == policy


def test_a_rule_is_explained_in_words() -> None:
    assert explain(POLICY.rules[0]) == (
        "large German cards: when the country of the player is DE and the amount is at least "
        "500.00 EUR and (the BIN begins with one of 4, 51 or not (always)), ask north/eu, then "
        "south/eu; if none of them is allowed, look at the next rule."
    )
    assert explain(POLICY.rules[1]) == (
        "try south: when the method is card, try by player in the experiment south-first: control "
        "(weight 9: north/eu), south (weight 1: south/eu); if none of them is allowed, refuse."
    )
    bandit = Rule("all", All(), Bandit(accounts=(NORTH, EAST), exploration=10))
    assert explain(bandit) == (
        "all: when always, let conversion choose among north/eu, east/main, 10 % of the payments "
        "spread evenly; if none of them is allowed, refuse."
    )
    assert explain(Rule("cheap", All(), Cheapest((NORTH, EAST)))) == (
        "cheap: when always, ask the cheapest of north/eu, east/main first; if none of them is "
        "allowed, refuse."
    )
    assert explain(Rule("none", Not(All()), Refuse("closed"))) == (
        "none: when not (always), refuse with closed."
    )
