"""A rule in words that an operator reads aloud."""

from __future__ import annotations

from collections.abc import Iterable

from workflows.domain.routing.accounts import key_of_account
from workflows.domain.routing.learning.experiments import Experiment

from .fields import Field
from .rules import (
    Action,
    All,
    AtLeast,
    AtMost,
    Bandit,
    Between,
    Cheapest,
    Comparison,
    Condition,
    Either,
    Exhausted,
    In,
    Known,
    Not,
    NotIn,
    Order,
    Prefix,
    Refuse,
    Rule,
    Split,
    accounts_of,
)

_NAMES = {
    Field.BIN: "BIN",
    Field.THREE_DS: "3-D Secure result",
    Field.PLAYER_COUNTRY: "country of the player",
    Field.CARD_COUNTRY: "country of the card",
}


def explain(rule: Rule) -> str:
    """One sentence: when, then what, and what if that is not possible."""
    sentence = f"{rule.name}: when {condition_in_words(rule.when)}, {action_in_words(rule.then)}"
    if isinstance(rule.then, Refuse):
        return f"{sentence}."
    if rule.if_none_allowed is Exhausted.NEXT_RULE:
        return f"{sentence}; if none of them is allowed, look at the next rule."
    return f"{sentence}; if none of them is allowed, refuse."


def condition_in_words(condition: Condition, *, within: bool = False) -> str:
    match condition:
        case All(conditions=()):
            return "always"
        case Either(conditions=()):
            return "never"
        case All() | Either():
            word = " and " if isinstance(condition, All) else " or "
            several = len(condition.conditions) > 1
            parts = word.join(condition_in_words(c, within=several) for c in condition.conditions)
            return f"({parts})" if within and several else parts
        case Not():
            return f"not ({condition_in_words(condition.condition)})"
        case _:
            return _comparison(condition)


def _comparison(comparison: Comparison) -> str:
    name = "the " + _NAMES.get(comparison.field, comparison.field.replace("_", " "))
    match comparison:
        case In():
            return f"{name} is {_one_of(comparison.values)}"
        case NotIn():
            return f"{name} is not {_one_of(comparison.values)}"
        case Between():
            return f"{name} is from {comparison.low} to {comparison.high}"
        case AtLeast():
            return f"{name} is at least {comparison.value}"
        case AtMost():
            return f"{name} is at most {comparison.value}"
        case Prefix():
            return f"{name} begins with {_one_of(comparison.prefixes)}"
        case Known():
            return f"{name} is known"


def action_in_words(action: Action) -> str:
    accounts = [key_of_account(account) for account in accounts_of(action)]
    match action:
        case Order():
            return f"ask {', then '.join(accounts)}"
        case Cheapest():
            return f"ask the cheapest of {', '.join(accounts)} first"
        case Split():
            shares = [f"{key_of_account(s.account)} with weight {s.weight}" for s in action.shares]
            return f"split over {', '.join(shares)}"
        case Experiment():
            arms = [
                f"{arm.name} (weight {arm.weight}: {', '.join(map(key_of_account, arm.accounts))})"
                for arm in action.arms
            ]
            return f"try by {action.unit} in the experiment {action.name}: {', '.join(arms)}"
        case Bandit():
            return (
                f"let {action.target} choose among {', '.join(accounts)}, "
                f"{action.exploration} % of the payments spread evenly"
            )
        case Refuse():
            return f"refuse with {action.reason}"


def _one_of(values: Iterable[object]) -> str:
    words = [str(value) for value in values]
    return words[0] if len(words) == 1 else f"one of {', '.join(words)}"
