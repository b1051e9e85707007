"""A small world of accounts and payments that the stories of routing are told in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.accounts import Accounts, AccountStatus, Limit, MerchantAccountProfile
from workflows.domain.routing.decision import RoutingDecision, decide
from workflows.domain.routing.draw import Draw
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.health import WELL, Health
from workflows.domain.routing.learning.statistics import Statistics
from workflows.domain.routing.policy.rules import Action, Condition, Order, Policy, Refuse, Rule

NORTH = MerchantAccount("north", "eu")
SOUTH = MerchantAccount("south", "eu")
EAST = MerchantAccount("east", "main")
WEST = MerchantAccount("west", "usd")
OFF = MerchantAccount("north", "paused")
GONE = MerchantAccount("north", "closed")

ACCOUNTS = Accounts(
    (
        MerchantAccountProfile(psp="north", id="eu", brands=("lucky", "royal"), regions=("EU",)),
        MerchantAccountProfile(
            psp="south", id="eu", methods=("card",), currencies=("EUR",), reuses_3ds=True
        ),
        MerchantAccountProfile(
            psp="east", id="main", limits=(Limit("EUR", 1000, 50_000), Limit("JPY", 500))
        ),
        MerchantAccountProfile(
            psp="west", id="usd", kinds=(Kind.DEPOSIT,), currencies=("USD",), methods=("card",)
        ),
        MerchantAccountProfile(psp="north", id="paused", status=AccountStatus.PAUSED),
        MerchantAccountProfile(psp="north", id="closed", status=AccountStatus.CLOSED),
    )
)
USABLE = (NORTH, SOUTH, EAST, WEST, OFF)


def facts(**known: Any) -> RoutingFacts:
    """A card deposit of 50.00 EUR, except for what is given."""
    usual: dict[str, Any] = {
        "payment_id": "in_1",
        "player_id": "player-1",
        "kind": Kind.DEPOSIT,
        "brand": "lucky",
        "region": "EU",
        "method": "card",
        "amount": Money(5000, "EUR"),
    }
    return RoutingFacts(**(usual | known))


def policy(*rules: Rule, default: Action | None = None, version: int = 1) -> Policy:
    return Policy(
        id="deposits", version=version, rules=rules, default=default or Refuse("no_rule_for_it")
    )


def rule(name: str, when: Condition, *accounts: MerchantAccount) -> Rule:
    return Rule(name, when, Order(accounts))


def decided(
    by: Policy,
    of: RoutingFacts,
    *,
    accounts: Accounts = ACCOUNTS,
    health: Health = WELL,
    statistics: Statistics | None = None,
    seed: str = "seed",
) -> RoutingDecision:
    return decide(by, accounts, of, health, statistics or Statistics(), Draw(seed))


def plain_accounts(names: Sequence[str], **known: Any) -> Accounts:
    """One account `main` at each PSP, which takes everything."""
    return Accounts(tuple(MerchantAccountProfile(psp=name, id="main", **known) for name in names))
