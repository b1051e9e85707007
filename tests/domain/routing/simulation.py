"""PSPs that approve a known share of what they are asked, and a bandit that does not know it."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence

from tests.domain.routing.examples import decided, facts, plain_accounts, policy
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.decision import RoutingDecision
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.learning.statistics import Observation, Statistics, segments_of, tally
from workflows.domain.routing.policy.rules import All, Bandit, Rule

NAMES = ("north", "south", "east")
MAINS = tuple(MerchantAccount(name, "main") for name in NAMES)
PLAIN = plain_accounts(NAMES)

Truth = Callable[[int, str], float]
"""The share that a PSP approves, by the number of the payment."""


def learn(
    bandit: Bandit, truth: Truth, payments: int, *, seed: int, window: int, every: int = 50
) -> list[str]:
    """The PSP that was asked first for each payment, the counts being renewed now and then."""
    by, dice = policy(Rule("bandit", All(), bandit)), random.Random(seed)
    seen: deque[Observation] = deque(maxlen=window)
    statistics, asked = Statistics("0"), []
    for number in range(payments):
        if number % every == 0:
            statistics = tally(seen, str(number))
        payment = payment_of(number)
        draw = f"{seed}:{number}"
        decision = decided(by, payment, accounts=PLAIN, statistics=statistics, seed=draw)
        first = decision.accounts[0]
        asked.append(first.psp)
        approved = dice.random() < truth(number, first.psp)
        segments = tuple(segments_of(payment, bandit.segmented_by))
        seen.append(Observation(account=first, segments=segments, approved=approved))
    return asked


def payment_of(number: int) -> RoutingFacts:
    return facts(payment_id=f"in_{number}", amount=Money(1000 + number % 90 * 100, "EUR"))


def share(asked: Sequence[str], name: str) -> float:
    return sum(one == name for one in asked) / len(asked)


def propensities(decision: RoutingDecision) -> dict[str, float]:
    return {one.account.psp: one.propensity for one in decision.receipt.candidates}
