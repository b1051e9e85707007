"""Merchant accounts as routing sees them: whom they serve, within what limits, at what cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount

ANY = "*"
MILLION = 1_000_000


class AccountStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    """Switched off for now; rules may name it."""
    CLOSED = "closed"
    """For good: no policy may name it any more."""


@dataclass(frozen=True)
class Limit:
    """Smallest and largest payment of one currency, in minor units; both are allowed."""

    currency: str
    minimum: int = 0
    maximum: int | None = None


@dataclass(frozen=True)
class Cost:
    """What one payment costs: `fixed` minor units per question, `rate` of an approved amount.

    The rate is in millionths: 29_000 is 2.9 %.
    """

    currency: str
    fixed: int = 0
    rate: int = 0

    def of(self, amount: Money, *, approved: bool) -> int:
        """Minor units, the share rounded half up."""
        share = (amount.minor_units * self.rate + MILLION // 2) // MILLION if approved else 0
        return self.fixed + share


@dataclass(frozen=True, kw_only=True)
class MerchantAccountProfile:
    """`*` stands for every brand, region, method or currency. A currency without a limit or a cost
    has none."""

    psp: str
    id: str
    kinds: tuple[Kind, ...] = (Kind.DEPOSIT, Kind.PAYOUT)
    brands: tuple[str, ...] = (ANY,)
    regions: tuple[str, ...] = (ANY,)
    methods: tuple[str, ...] = (ANY,)
    currencies: tuple[str, ...] = (ANY,)
    limits: tuple[Limit, ...] = ()
    costs: tuple[Cost, ...] = ()
    reuses_3ds: bool = False
    """It takes the result of a 3-D Secure that another account's payment went through."""
    holds: tuple[str, ...] = ()
    """Methods by which the money is always held first and captured then, `*` for all; by the others
    it is taken at once where the order says so and the PSP can."""
    status: AccountStatus = AccountStatus.ACTIVE

    @property
    def account(self) -> MerchantAccount:
        return MerchantAccount(self.psp, self.id)

    def sells(self, method: str) -> bool:
        return not serves(self.holds, method)

    def limit(self, currency: str) -> Limit:
        found = (limit for limit in self.limits if limit.currency == currency)
        return next(found, Limit(currency))

    def cost(self, currency: str) -> Cost:
        return next((cost for cost in self.costs if cost.currency == currency), Cost(currency))


@dataclass(frozen=True)
class Accounts:
    """Every merchant account at one version. A value: whoever changes one makes another.

    Raises ValueError for two of the same name.
    """

    profiles: tuple[MerchantAccountProfile, ...]

    def __post_init__(self) -> None:
        if len(self.by_key) < len(self.profiles):
            raise ValueError("each merchant account is listed once")

    @cached_property
    def by_key(self) -> Mapping[str, MerchantAccountProfile]:
        return {key_of_account(profile.account): profile for profile in self.profiles}

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """What has been worked out about this very value, by whoever worked it out."""
        return {}


def key_of_account(account: MerchantAccount) -> str:
    """`psp/id`: how documents name an account."""
    return f"{account.psp}/{account.id}"


def serves(served: tuple[str, ...], wanted: str) -> bool:
    return ANY in served or wanted in served
