"""A policy as a plain JSON document; `reading` reads back the same policy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.accounts import key_of_account
from workflows.domain.routing.learning.experiments import Experiment

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
    In,
    Known,
    Not,
    NotIn,
    Order,
    Policy,
    Prefix,
    Refuse,
    Rule,
    Split,
    Value,
)

Document = dict[str, Any]


def write_policy(policy: Policy) -> Document:
    cascade = policy.cascade
    return {
        "id": policy.id,
        "version": policy.version,
        "rules": [_rule(rule) for rule in policy.rules],
        "default": write_action(policy.default),
        "cascade": {
            "attempts": cascade.attempts,
            "seconds": cascade.seconds,
            "scheme_reattempts": cascade.scheme_reattempts,
        },
    }


def _rule(rule: Rule) -> Document:
    return {
        "name": rule.name,
        "when": write_condition(rule.when),
        "then": write_action(rule.then),
        "if_none_allowed": rule.if_none_allowed.value,
    }


def write_condition(condition: Condition) -> Document:
    match condition:
        case All():
            return {"all": [write_condition(part) for part in condition.conditions]}
        case Either():
            return {"any": [write_condition(part) for part in condition.conditions]}
        case Not():
            return {"not": write_condition(condition.condition)}
        case _:
            return {"field": condition.field.value, **_comparison(condition)}


def _comparison(comparison: Comparison) -> Document:
    match comparison:
        case In():
            return {"in": list(comparison.values)}
        case NotIn():
            return {"not_in": list(comparison.values)}
        case Between():
            return {"between": [_value(comparison.low), _value(comparison.high)]}
        case AtLeast():
            return {"at_least": _value(comparison.value)}
        case AtMost():
            return {"at_most": _value(comparison.value)}
        case Prefix():
            return {"prefix": list(comparison.prefixes)}
        case Known():
            return {"known": True}


def _value(value: Value) -> object:
    if isinstance(value, Money):
        return {"amount": value.amount, "currency": value.currency}
    return value


def write_action(action: Action) -> Document:
    match action:
        case Order():
            return {"order": _accounts(action.accounts)}
        case Cheapest():
            return {"cheapest": _accounts(action.accounts)}
        case Split():
            shares = [
                {"account": key_of_account(share.account), "weight": share.weight}
                for share in action.shares
            ]
            return {"split": shares}
        case Experiment():
            return {"experiment": _experiment(action)}
        case Bandit():
            return {"bandit": _bandit(action)}
        case Refuse():
            return {"refuse": action.reason}


def _experiment(experiment: Experiment) -> Document:
    guardrail = experiment.guardrail
    written: Document = {
        "name": experiment.name,
        "salt": experiment.salt,
        "unit": experiment.unit.value,
        "minimum_sample": experiment.minimum_sample,
        "arms": [
            {"name": arm.name, "weight": arm.weight, "accounts": _accounts(arm.accounts)}
            for arm in experiment.arms
        ],
    }
    if guardrail is not None:
        written["guardrail"] = {
            "metric": guardrail.metric.value,
            "worse_by": guardrail.worse_by,
        }
    return written


def _bandit(bandit: Bandit) -> Document:
    return {
        "accounts": _accounts(bandit.accounts),
        "target": bandit.target.value,
        "exploration": bandit.exploration,
        "segmented_by": [field.value for field in bandit.segmented_by],
        "enough": bandit.enough,
        "chargeback_weight": bandit.chargeback_weight,
        "worth": bandit.worth,
    }


def _accounts(accounts: Iterable[MerchantAccount]) -> list[str]:
    return [key_of_account(account) for account in accounts]
