"""Finding credentials, and which of them are valid.

A token is `ps_<prefix>_<secret>`: found by its prefix, which is no secret, and kept as a hash.
"""

from __future__ import annotations

from collections.abc import Collection

import asyncpg

from activities.access.credential import Credential
from activities.access.tokens import hash_of

_FIND = "SELECT * FROM access_find($1, $2)"


class Credentials:
    """For the API: one database round trip per call."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def find(self, prefix: str, token: str) -> Credential | None:
        """The credential of the prefix, ended ones too; a right token is marked as used."""
        row = await self._pool.fetchrow(_FIND, prefix, hash_of(token))
        if row is None:
            return None
        return Credential(
            prefix=row["prefix"],
            name=row["name"],
            person=row["person"],
            roles=frozenset(row["roles"]),
            brands=frozenset(row["brands"]),
            routes=row["routes"],
            at_most=row["at_most"],
            expires_at=row["expires_at"],
            revoked_at=row["revoked_at"],
            token_hash=row["token_hash"],
        )

    async def live(self, prefixes: Collection[str] | None = None) -> frozenset[str]:
        """Which of these are valid; without any, all that are."""
        wanted = None if prefixes is None else list(prefixes)
        rows = await self._pool.fetch("SELECT access_live($1) AS prefix", wanted)
        return frozenset(row["prefix"] for row in rows)
