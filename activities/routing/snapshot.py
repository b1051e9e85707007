"""The merchant accounts and policies of one generation, parsed once and kept in memory.

A generation is the highest id of a decision about a change: whoever knows it knows all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from activities.routing.profiles import overridden
from workflows.domain.routing.accounts import ANY, Accounts, MerchantAccountProfile
from workflows.domain.routing.policy.rules import Order, Policy

BUILTIN = "builtin"


@dataclass(frozen=True)
class Snapshot:
    generation: int
    accounts: Accounts
    policies: Mapping[str, Policy]
    """By brand; `*` is for every brand that has none of its own."""

    def policy(self, brand: str) -> Policy:
        return self.policies.get(brand) or self.policies.get(ANY) or self.builtin

    def named(self, policy_id: str) -> tuple[str, Policy]:
        """An active policy and its brand. Raises LookupError."""
        for brand, policy in self.policies.items():
            if policy.id == policy_id:
                return brand, policy
        raise LookupError(f"no policy {policy_id} is active")

    @cached_property
    def builtin(self) -> Policy:
        """Without any policy: every account, as listed."""
        listed = tuple(profile.account for profile in self.accounts.profiles)
        return Policy(id=BUILTIN, version=0, rules=(), default=Order(listed))

    @cached_property
    def without_limits(self) -> Accounts:
        """For payments whose amount is not told."""
        return Accounts(tuple(replace(each, limits=()) for each in self.accounts.profiles))

    def with_account(self, profile: MerchantAccountProfile) -> Snapshot:
        """As it will be once this account is approved."""
        return replace(self, accounts=Accounts(overridden(self.accounts.profiles, [profile])))
