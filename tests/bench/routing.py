"""`python -m tests.bench.routing`: routing decisions per second on one core.

A policy of 200 rules over 20 merchant accounts: countries, BINs, amounts, schemes, segments and
hours, most of them plain orders, some splits, experiments and bandits; 20,000 different payments.
Nothing here decides a test.
"""

from __future__ import annotations

import cProfile
import pstats
import random
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.accounts import Accounts, Cost, Limit, MerchantAccountProfile
from workflows.domain.routing.breaker import State
from workflows.domain.routing.decision import decide
from workflows.domain.routing.draw import Draw
from workflows.domain.routing.facts import CardType, RoutingFacts, Weekday
from workflows.domain.routing.health import Health, Standing
from workflows.domain.routing.learning.experiments import Arm, Experiment
from workflows.domain.routing.learning.statistics import Counts, Statistics, Tally
from workflows.domain.routing.policy.fields import Field
from workflows.domain.routing.policy.rules import (
    Action,
    All,
    AtLeast,
    Bandit,
    Between,
    Condition,
    Either,
    In,
    Not,
    Order,
    Policy,
    Prefix,
    Rule,
    Share,
    Split,
    Target,
)
from workflows.domain.routing.proofs.validation import validate

AIM, RULES, ACCOUNTS, PAYMENTS, ROUNDS = 20_000, 200, 20, 20_000, 5
COUNTRIES = [a + b for a in "ABCDEFG" for b in "ABCDEFGH"]
BRANDS, REGIONS, METHODS = ["lucky", "royal", "third"], ["EU", "UK", "LATAM"], ["card", "ewallet"]
CURRENCIES, SCHEMES, SEGMENTS = ["EUR", "GBP", "SEK"], ["visa", "mastercard"], ["vip", "new", "old"]
SEGMENTED_BY = (Field.METHOD, Field.SEGMENT)


def world(dice: random.Random) -> tuple[Policy, Accounts, Statistics]:
    profiles = tuple(
        MerchantAccountProfile(
            psp=f"psp{number % 7}",
            id=f"account{number}",
            brands=("*",) if number % 3 else tuple(dice.sample(BRANDS, 2)),
            currencies=("*",) if number % 4 else tuple(dice.sample(CURRENCIES, 2)),
            limits=tuple(Limit(currency, 500, 500_000) for currency in CURRENCIES),
            costs=tuple(Cost(currency, 20, 15_000 + 500 * number) for currency in CURRENCIES),
        )
        for number in range(ACCOUNTS)
    )
    accounts = [profile.account for profile in profiles]
    rules = tuple(
        Rule(f"rule {number}", _condition(dice), _action(dice, number, accounts))
        for number in range(RULES)
    )
    policy = Policy(id="bench", version=1, rules=rules, default=Order(tuple(accounts[:5])))
    methods = [f"method={method}" for method in METHODS]
    tallies = tuple(
        Tally(account, segment, Counts(attempts, attempts * dice.randint(60, 95) // 100))
        for account in accounts
        for segment in ("", *methods, *(f"{m}|segment={s}" for m in methods for s in SEGMENTS))
        for attempts in [dice.randint(50, 5000)]
    )
    return policy, Accounts(profiles), Statistics("1", tallies)


def _condition(dice: random.Random) -> Condition:
    low = dice.randint(0, 900) * 100
    currency = dice.choice(CURRENCIES)
    either: list[Condition] = [
        AtLeast(Field.AMOUNT, Money(low, currency)),
        Between(Field.AMOUNT, Money(low, currency), Money(low + 20_000, currency)),
        Prefix(Field.BIN, (str(dice.randint(40, 55)), str(dice.randint(400, 559)))),
        In(Field.SCHEME, (dice.choice(SCHEMES),)),
        Not(In(Field.WEEKDAY, ("sat", "sun"))),
        Between(Field.HOUR, 8, dice.randint(9, 22)),
    ]
    countries = In(Field.PLAYER_COUNTRY, tuple(dice.sample(COUNTRIES, 3)))
    place = Either((countries, In(Field.CARD_COUNTRY, tuple(dice.sample(COUNTRIES, 2)))))
    segment = In(Field.SEGMENT, tuple(dice.sample(SEGMENTS, 2)))
    return All((place if dice.random() < 0.3 else countries, segment, *dice.sample(either, 2)))


def _action(dice: random.Random, number: int, accounts: list[MerchantAccount]) -> Action:
    named = tuple(dice.sample(accounts, 5))
    match number % 10:
        case 0:
            return Split(tuple(Share(account, dice.randint(1, 9)) for account in named))
        case 1:
            arms = (Arm("a", 1, named[:3]), Arm("b", 1, named[3:]))
            return Experiment(name=f"x{number}", salt=str(number), arms=arms)
        case 2:
            return Bandit(accounts=named, segmented_by=SEGMENTED_BY)
        case 3:
            return Bandit(accounts=named, segmented_by=SEGMENTED_BY, target=Target.MARGIN)
        case _:
            return Order(named)


def payments(dice: random.Random) -> list[RoutingFacts]:
    return [
        RoutingFacts(
            payment_id=f"in_{number}",
            player_id=f"player-{dice.randint(1, 5000)}",
            kind=Kind.DEPOSIT,
            brand=dice.choice(BRANDS),
            region=dice.choice(REGIONS),
            method=dice.choice(METHODS),
            amount=Money(dice.randint(500, 100_000), dice.choice(CURRENCIES)),
            player_country=dice.choice(COUNTRIES),
            card_country=dice.choice(COUNTRIES),
            bin=str(dice.randint(40_000_000, 55_999_999)),
            card_type=CardType.CREDIT,
            scheme=dice.choice(SCHEMES),
            segment=dice.choice(SEGMENTS),
            risk_band="low",
            weekday=dice.choice(list(Weekday)),
            hour=dice.randint(0, 23),
        )
        for number in range(PAYMENTS)
    ]


def round_of(
    policy: Policy, accounts: Accounts, statistics: Statistics, of: Sequence[RoutingFacts]
) -> tuple[float, int]:
    """Seconds of CPU, and how many payments a rule decided (not the default)."""
    health = Health((Standing(psp="psp6", account="account6", state=State.OPEN),))
    ruled, began = 0, time.process_time()
    for facts in of:
        decision = decide(policy, accounts, facts, health, statistics, Draw(facts.payment_id))
        ruled += decision.receipt.rule is not None
    return time.process_time() - began, ruled


def main() -> None:
    console, dice = Console(), random.Random(5)
    policy, accounts, statistics = world(dice)
    traffic = payments(dice)
    began = time.process_time()
    flaws = validate(policy, accounts)
    validated = time.process_time() - began
    rounds = [round_of(policy, accounts, statistics, traffic) for _ in range(ROUNDS)]
    table = Table(title=f"Routing: {RULES} rules, {ACCOUNTS} accounts, one core")
    for name in ("what", "value"):
        table.add_column(name, justify="left" if name == "what" else "right")
    first, best = PAYMENTS / rounds[0][0], PAYMENTS / min(seconds for seconds, _ in rounds[1:])
    table.add_row("decisions per second, everything cold", f"{first:,.0f}")
    table.add_row("decisions per second, warm", f"{best:,.0f}")
    table.add_row("of the aim", f"{best / AIM:.0%}")
    table.add_row("decided by a rule", f"{rounds[0][1] / PAYMENTS:.0%}")
    table.add_row("validation of the policy", f"{validated * 1000:,.0f} ms, {len(flaws)} flaws")
    console.print(table)
    profile = cProfile.Profile()
    profile.runcall(round_of, policy, accounts, statistics, traffic)
    pstats.Stats(profile, stream=sys.stdout).strip_dirs().sort_stats("tottime").print_stats(15)


if __name__ == "__main__":
    main()
