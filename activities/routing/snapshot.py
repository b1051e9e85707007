"""The merchant accounts and policies of one generation, parsed once and kept in memory.

A generation is the highest id of a decision about a change: whoever knows it knows all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import asyncpg

from infra.settings import Account
from workflows.domain.payments import Kind
from workflows.domain.routing.account_documents import read_account
from workflows.domain.routing.accounts import ANY, Accounts, MerchantAccountProfile
from workflows.domain.routing.reading import read_policy
from workflows.domain.routing.rules import Order, Policy

BUILTIN = "builtin"

GENERATION = "SELECT coalesce(max(id), 0) FROM routing_decisions"
_APPROVED = """
SELECT subject, name, brand, document FROM routing_approved WHERE decision_id <= $1
ORDER BY decision_id
"""


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
        return replace(self, accounts=Accounts(_overridden(self.accounts.profiles, [profile])))


class Snapshots:
    """What is active, over the accounts in the settings, which count until they are changed."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        seed: Sequence[Account],
        pays_players: Callable[[str], bool] = lambda psp: True,
    ) -> None:
        self._pool = pool
        self._seed = tuple(_profile(account) for account in seed)
        self._pays_players = pays_players
        self._latest: Snapshot | None = None
        self._loading = asyncio.Lock()

    async def latest(self) -> Snapshot:
        """One round trip, and one more after a change."""
        return await self.of(await self._pool.fetchval(GENERATION))

    async def of(self, generation: int) -> Snapshot:
        """A generation, now or of old; the latest one that was asked for is remembered."""
        async with self._loading:
            known = self._latest
            if known is not None and known.generation == generation:
                return known
            loaded = self._parsed(generation, await self._pool.fetch(_APPROVED, generation))
            if known is None or known.generation < generation:
                self._latest = loaded
            return loaded

    def serving(self, profile: MerchantAccountProfile) -> MerchantAccountProfile:
        """Without payouts where its PSP certainly pays no players."""
        if self._pays_players(profile.psp):
            return profile
        return replace(profile, kinds=tuple(k for k in profile.kinds if k is not Kind.PAYOUT))

    def _parsed(self, generation: int, rows: Sequence[asyncpg.Record]) -> Snapshot:
        changed = {row["name"]: row["document"] for row in rows if row["subject"] == "account"}
        profiles = _overridden(self._seed, map(read_account, changed.values()))
        # A later decision takes the place of an earlier one, whatever the policy is called.
        latest = {row["brand"]: row["document"] for row in rows if row["subject"] == "policy"}
        return Snapshot(
            generation,
            Accounts(tuple(self.serving(profile) for profile in profiles)),
            {brand: read_policy(document) for brand, document in latest.items()},
        )


def _overridden(
    profiles: Iterable[MerchantAccountProfile], changed: Iterable[MerchantAccountProfile]
) -> tuple[MerchantAccountProfile, ...]:
    """A changed account stays in its place; new ones come last."""
    found = {profile.account: profile for profile in profiles}
    found |= {profile.account: profile for profile in changed}
    return tuple(found.values())


def _profile(account: Account) -> MerchantAccountProfile:
    return MerchantAccountProfile(
        psp=account.psp,
        id=account.id,
        brands=tuple(account.brands),
        regions=tuple(account.regions),
        methods=tuple(account.methods),
        currencies=tuple(account.currencies),
    )
