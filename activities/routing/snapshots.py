"""What is active, over the accounts in the settings: read once for each generation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import asyncpg

from activities.routing.profiles import overridden, profile_of
from activities.routing.settings import Account
from activities.routing.snapshot import Snapshot
from workflows.domain.identity import Kind
from workflows.domain.routing.account_documents import read_account
from workflows.domain.routing.accounts import Accounts, MerchantAccountProfile
from workflows.domain.routing.policy.reading import read_policy

GENERATION = "SELECT coalesce(max(id), 0) FROM routing_decisions"
_APPROVED = """
SELECT subject, name, brand, document FROM routing_approved WHERE decision_id <= $1
ORDER BY decision_id
"""


class Snapshots:
    """What is active, over the accounts in the settings, which count until they are changed."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        seed: Sequence[Account],
        pays_players: Callable[[str], bool] = lambda psp: True,
    ) -> None:
        self._pool = pool
        self._seed = tuple(profile_of(account) for account in seed)
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
        profiles = overridden(self._seed, map(read_account, changed.values()))
        # A later decision takes the place of an earlier one, whatever the policy is called.
        latest = {row["brand"]: row["document"] for row in rows if row["subject"] == "policy"}
        return Snapshot(
            generation,
            Accounts(tuple(self.serving(profile) for profile in profiles)),
            {brand: read_policy(document) for brand, document in latest.items()},
        )
