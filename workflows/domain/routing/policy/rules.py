"""A routing policy: ordered rules, each a condition and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

from workflows.domain.cascading import CascadeLimits
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount
from workflows.domain.routing.learning.experiments import Experiment

from .fields import Field

Value = str | int | Money

# --- conditions: true or false, never in between; a fact that is not known compares false ------


@dataclass(frozen=True)
class In:
    field: Field
    values: tuple[str | int, ...]
    kind: Literal["in"] = "in"


@dataclass(frozen=True)
class NotIn:
    """True of a fact that is not known, being exactly what `In` is not."""

    field: Field
    values: tuple[str | int, ...]
    kind: Literal["not_in"] = "not_in"


@dataclass(frozen=True)
class Between:
    """Both ends belong. Of amounts: of one currency, false in every other. Of BINs: as many digits
    as the ends have."""

    field: Field
    low: Value
    high: Value
    kind: Literal["between"] = "between"


@dataclass(frozen=True)
class AtLeast:
    field: Field
    value: Value
    kind: Literal["at_least"] = "at_least"


@dataclass(frozen=True)
class AtMost:
    field: Field
    value: Value
    kind: Literal["at_most"] = "at_most"


@dataclass(frozen=True)
class Prefix:
    """Of a BIN alone."""

    field: Field
    prefixes: tuple[str, ...]
    kind: Literal["prefix"] = "prefix"


@dataclass(frozen=True)
class Known:
    field: Field
    kind: Literal["known"] = "known"


Comparison = In | NotIn | Between | AtLeast | AtMost | Prefix | Known


@dataclass(frozen=True)
class All:
    """AND; of nothing it is always true."""

    conditions: tuple[Condition, ...] = ()
    kind: Literal["all"] = "all"


@dataclass(frozen=True)
class Either:
    """OR; of nothing it is never true."""

    conditions: tuple[Condition, ...]
    kind: Literal["any"] = "any"


@dataclass(frozen=True)
class Not:
    condition: Condition
    kind: Literal["not"] = "not"


Condition = Comparison | All | Either | Not

# --- actions ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """These accounts, as listed."""

    accounts: tuple[MerchantAccount, ...]
    kind: Literal["order"] = "order"


@dataclass(frozen=True)
class Cheapest:
    """From the one that an approved payment of this amount costs least at; alike ones as listed."""

    accounts: tuple[MerchantAccount, ...]
    kind: Literal["cheapest"] = "cheapest"


@dataclass(frozen=True)
class Share:
    account: MerchantAccount
    weight: int


@dataclass(frozen=True)
class Split:
    """The first one by weight, the others behind it from the heaviest to the lightest."""

    shares: tuple[Share, ...]
    kind: Literal["split"] = "split"


class Target(StrEnum):
    CONVERSION = "conversion"
    MARGIN = "margin"
    """Approval times amount, less cost."""


@dataclass(frozen=True, kw_only=True)
class Bandit:
    """Thompson sampling over the accounts.

    `exploration` percent of the payments are spread evenly. Counts are kept per `segmented_by`, the
    most general first; where a segment has seen fewer than `enough` payments at these accounts, the
    last word is dropped, and so on. A chargeback takes back `chargeback_weight` approvals. `worth`
    is the share of an approved amount that is earned, in millionths.
    """

    accounts: tuple[MerchantAccount, ...]
    target: Target = Target.CONVERSION
    exploration: int = 5
    segmented_by: tuple[Field, ...] = ()
    enough: int = 200
    chargeback_weight: int = 1
    worth: int = 1_000_000
    kind: Literal["bandit"] = "bandit"


@dataclass(frozen=True)
class Refuse:
    reason: str
    kind: Literal["refuse"] = "refuse"


Action = Order | Cheapest | Split | Experiment | Bandit | Refuse


class Exhausted(StrEnum):
    """What follows when a rule holds and none of its accounts is allowed."""

    REFUSE = "refuse"
    """The rule has the last word: what it says is a must."""
    NEXT_RULE = "next_rule"
    """The rule is a wish."""


@dataclass(frozen=True)
class Rule:
    name: str
    when: Condition
    then: Action
    if_none_allowed: Exhausted = Exhausted.REFUSE


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One version of a policy; the first rule that holds decides, else the default."""

    id: str
    version: int
    rules: tuple[Rule, ...]
    default: Action
    cascade: CascadeLimits = field(default_factory=CascadeLimits)

    @cached_property
    def memo(self) -> dict[str, Any]:
        """What has been worked out about this very value, by whoever worked it out."""
        return {}


def accounts_of(action: Action) -> tuple[MerchantAccount, ...]:
    """Every account that the action names, in its order, each once."""
    match action:
        case Order() | Cheapest() | Bandit():
            named = action.accounts
        case Split():
            named = tuple(share.account for share in action.shares)
        case Experiment():
            named = tuple(account for arm in action.arms for account in arm.accounts)
        case Refuse():
            named = ()
    return tuple(dict.fromkeys(named))
