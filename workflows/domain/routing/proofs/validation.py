"""A policy is judged before it is kept: what could never work is refused, with its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.accounts import Accounts, AccountStatus, key_of_account
from workflows.domain.routing.learning.experiments import Experiment
from workflows.domain.routing.policy.fields import TYPES, Field, Shape
from workflows.domain.routing.policy.reading import read_policy
from workflows.domain.routing.policy.rules import (
    Action,
    Bandit,
    Cheapest,
    Order,
    Policy,
    Refuse,
    Split,
)

from .flaws import Flaw, PolicyRefused
from .reachability import flaws_of_reach
from .typechecks import flaws_of_condition


def accept(document: object, accounts: Accounts) -> Policy:
    """The policy of a document that may be used with these accounts. Raises PolicyRefused."""
    policy = read_policy(document)
    flaws = validate(policy, accounts)
    if flaws:
        raise PolicyRefused(flaws)
    return policy


def validate(policy: Policy, accounts: Accounts) -> tuple[Flaw, ...]:
    """Every flaw. Without any, each payment gets candidates or a refusal with a reason."""
    flaws = list(_names(policy))
    typed: list[int] = []
    for number, rule in enumerate(policy.rules):
        wrong = list(flaws_of_condition(rule.when, f"/rules/{number}/when", accounts))
        wrong += _action(rule.then, f"/rules/{number}/then", accounts)
        flaws += wrong
        if not wrong:
            typed.append(number)
    flaws += _action(policy.default, "/default", accounts)
    # What is wrong in itself proves nothing about the others.
    flaws += flaws_of_reach(policy, accounts, typed)
    return tuple(flaws)


def _names(policy: Policy) -> Iterator[Flaw]:
    counted = Counter(rule.name for rule in policy.rules)
    for number, rule in enumerate(policy.rules):
        if counted[rule.name] > 1:
            yield Flaw(f"/rules/{number}/name", "duplicate_name", "a name that no other rule has")


def _action(action: Action, place: str, accounts: Accounts) -> Iterator[Flaw]:
    place = f"{place}/{action.kind}"
    match action:
        case Refuse():
            return
        case Order() | Cheapest():
            yield from _accounts(action.accounts, place, accounts)
        case Split():
            named = [share.account for share in action.shares]
            places = [f"{place}/{number}/account" for number in range(len(named))]
            yield from _each(named, places, accounts)
            yield from _weights([share.weight for share in action.shares], place)
        case Experiment():
            yield from _experiment(action, place, accounts)
        case Bandit():
            yield from _accounts(action.accounts, f"{place}/accounts", accounts)
            yield from _segments(action.segmented_by, f"{place}/segmented_by")


def _experiment(experiment: Experiment, place: str, accounts: Accounts) -> Iterator[Flaw]:
    arms = experiment.arms
    if len(arms) < 2 or len({arm.name for arm in arms}) < len(arms):
        yield Flaw(f"{place}/arms", "wrong_type", "two arms or more, each with a name of its own")
    for number, arm in enumerate(arms):
        yield from _accounts(arm.accounts, f"{place}/arms/{number}/accounts", accounts)
    yield from _weights([arm.weight for arm in arms], f"{place}/arms")


def _weights(weights: Sequence[int], place: str) -> Iterator[Flaw]:
    if sum(weights) <= 0 or min(weights) < 0:
        yield Flaw(place, "empty_result", "at least one weight is above zero, none is below")


def _segments(fields: Iterable[Field], place: str) -> Iterator[Flaw]:
    for number, field in enumerate(fields):
        if TYPES[field].shape in (Shape.MONEY, Shape.BIN):
            sentence = "fields with few values make segments, not amounts or BINs"
            yield Flaw(f"{place}/{number}", "wrong_type", sentence)


def _accounts(named: Sequence[MerchantAccount], place: str, accounts: Accounts) -> Iterator[Flaw]:
    if not named:
        yield Flaw(place, "empty_result", "at least one account is needed, or a refuse")
    yield from _each(named, [f"{place}/{number}" for number in range(len(named))], accounts)


def _each(
    named: Sequence[MerchantAccount], places: Sequence[str], accounts: Accounts
) -> Iterator[Flaw]:
    seen: set[MerchantAccount] = set()
    for account, place in zip(named, places, strict=True):
        profile = accounts.by_key.get(key_of_account(account))
        if profile is None:
            yield Flaw(place, "unknown_account", "an account that is registered")
        elif profile.status is AccountStatus.CLOSED:
            yield Flaw(place, "unknown_account", "an account that has not been closed")
        elif account in seen:
            yield Flaw(place, "duplicate_account", "each account once")
        seen.add(account)
