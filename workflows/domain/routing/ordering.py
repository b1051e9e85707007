"""From an action and the accounts that are allowed to candidates in order, with propensities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workflows.domain.psp import MerchantAccount

from .accounts import Accounts, key_of_account
from .draw import Draw
from .eligibility import Eligible
from .facts import RoutingFacts
from .learning.bandit import odds
from .learning.experiments import Experiment, Unit, arm_of
from .learning.statistics import Statistics
from .policy.rules import Action, Bandit, Cheapest, Order, Refuse, Split
from .receipt import Candidate


@dataclass(frozen=True)
class Given:
    """All that a decision is made from, besides the policy."""

    accounts: Accounts
    facts: RoutingFacts
    eligible: Eligible
    statistics: Statistics
    draw: Draw


@dataclass(frozen=True)
class Ranking:
    candidates: tuple[Candidate, ...]
    experiment: str | None = None
    arm: str | None = None
    segment: str | None = None
    statistics: str | None = None


NOBODY = Ranking(())


def rank(action: Action, given: Given) -> Ranking:
    """No candidate: the action refuses, or none of its accounts is allowed."""
    match action:
        case Order():
            return _listed(action, given)
        case Cheapest():
            return _cheapest(action, given)
        case Split():
            return _split(action, given)
        case Experiment():
            return _experiment(action, given)
        case Bandit():
            return _bandit(action, given)
        case Refuse():
            return NOBODY


def _listed(action: Order, given: Given) -> Ranking:
    allowed = _allowed(action.accounts, given)
    return Ranking(_candidates(allowed, {0: 1.0}, given))


def _cheapest(action: Cheapest, given: Given) -> Ranking:
    amount, profiles = given.facts.amount, given.accounts.by_key

    def cost(account: MerchantAccount) -> int:
        return profiles[key_of_account(account)].cost(amount.currency).of(amount, approved=True)

    allowed = sorted(_allowed(action.accounts, given), key=cost)
    return Ranking(_candidates(allowed, {0: 1.0}, given))


def _split(action: Split, given: Given) -> Ranking:
    allowed = given.eligible.allowed
    shares = [one for one in action.shares if key_of_account(one.account) in allowed]
    if not shares:
        return NOBODY
    shares.sort(key=lambda one: -one.weight)
    whole = sum(one.weight for one in shares)
    # Accounts of no weight stand in when nobody else is left.
    chances = [one.weight / whole for one in shares] if whole else [1.0] + [0.0] * (len(shares) - 1)
    return Ranking(_drawn([one.account for one in shares], chances, given))


def _experiment(action: Experiment, given: Given) -> Ranking:
    """An arm's accounts first; those of the others behind them, so that the player is served."""
    facts = given.facts
    arm = arm_of(action, facts.player_id if action.unit is Unit.PLAYER else facts.payment_id)
    others = [account for one in action.arms for account in one.accounts]
    allowed = _allowed((*arm.accounts, *others), given)
    whole = sum(one.weight for one in action.arms)
    chances: dict[int, float] = {}
    for one in action.arms:
        first = next(iter(_allowed((*one.accounts, *others), given)), None)
        if first is not None and one.weight:
            place = allowed.index(first)
            chances[place] = chances.get(place, 0.0) + one.weight / whole
    return Ranking(_candidates(allowed, chances, given), experiment=action.name, arm=arm.name)


def _bandit(action: Bandit, given: Given) -> Ranking:
    allowed = _allowed(action.accounts, given)
    if not allowed:
        return NOBODY
    keys = [key_of_account(account) for account in allowed]
    found = odds(action, given.accounts.by_key, keys, given.facts, given.statistics)
    ranked = sorted(range(len(keys)), key=lambda number: -found.scores[number])
    candidates = _drawn(
        [allowed[number] for number in ranked],
        [found.propensities[number] for number in ranked],
        given,
        [found.scores[number] for number in ranked],
    )
    return Ranking(candidates, segment=found.segment, statistics=given.statistics.version)


def _allowed(accounts: Sequence[MerchantAccount], given: Given) -> list[MerchantAccount]:
    """Those that are, in order, each once."""
    allowed = given.eligible.allowed
    found: dict[str, MerchantAccount] = {}
    for account in accounts:
        key = key_of_account(account)
        if key in allowed:
            found.setdefault(key, account)
    return list(found.values())


def _candidates(
    accounts: Sequence[MerchantAccount], chances: Mapping[int, float], given: Given
) -> tuple[Candidate, ...]:
    probes = given.eligible.probes
    return tuple(
        Candidate(account, chances.get(number, 0.0), None, account in probes if probes else False)
        for number, account in enumerate(accounts)
    )


def _drawn(
    accounts: Sequence[MerchantAccount],
    chances: Sequence[float],
    given: Given,
    scores: Sequence[float] | None = None,
) -> tuple[Candidate, ...]:
    """The drawn one first, the others behind it as they were."""
    probes = given.eligible.probes
    made = [
        Candidate(
            account, chances[number], None if scores is None else scores[number], account in probes
        )
        for number, account in enumerate(accounts)
    ]
    first = _pick(chances, given.draw.number)
    return (made[first], *made[:first], *made[first + 1 :])


def _pick(chances: Sequence[float], number: float) -> int:
    for place, chance in enumerate(chances):
        number -= chance
        if number < 0:
            return place
    # Rounding may leave a speck beyond the last one that has a chance.
    return max(place for place, chance in enumerate(chances) if chance > 0)
