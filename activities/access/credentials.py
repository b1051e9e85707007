"""Issuing, finding and revoking credentials."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import asyncpg

ALL_BRANDS = "*"


class Role(StrEnum):
    PLATFORM = "platform"
    OPERATOR = "operator"
    APPROVER = "approver"


@dataclass(frozen=True)
class Credential:
    name: str
    roles: frozenset[str]
    brands: frozenset[str]
    """The brands it may see and act for; `*` stands for all."""


@dataclass(frozen=True)
class Issued:
    """A line of the list of credentials."""

    name: str
    roles: Sequence[str]
    brands: Sequence[str]
    created_at: datetime
    revoked_at: datetime | None


def hash_of(token: str) -> str:
    # The token has 256 random bits: a slow hash would add nothing.
    return hashlib.sha256(token.encode()).hexdigest()


class Credentials:
    """One database round trip per call."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def issue(self, name: str, roles: Sequence[Role], brands: Sequence[str]) -> str:
        """Make a credential and give its token, which cannot be read again."""
        token = f"ps_{secrets.token_urlsafe(32)}"
        await self._pool.execute(
            "INSERT INTO credentials (name, token_hash, roles, brands) VALUES ($1, $2, $3, $4)",
            name,
            hash_of(token),
            [str(role) for role in roles],
            list(brands),
        )
        return token

    async def find(self, token_hash: str) -> Credential | None:
        """The credential of a token that has not been revoked."""
        row = await self._pool.fetchrow(
            "SELECT name, roles, brands FROM credentials "
            "WHERE token_hash = $1 AND revoked_at IS NULL",
            token_hash,
        )
        if row is None:
            return None
        return Credential(row["name"], frozenset(row["roles"]), frozenset(row["brands"]))

    async def revoke(self, name: str) -> int:
        """End every token of that name; give how many there were."""
        ended = await self._pool.fetch(
            "UPDATE credentials SET revoked_at = now() "
            "WHERE name = $1 AND revoked_at IS NULL RETURNING id",
            name,
        )
        return len(ended)

    async def list(self) -> Sequence[Issued]:
        """All that were ever issued, oldest first."""
        rows = await self._pool.fetch(
            "SELECT name, roles, brands, created_at, revoked_at FROM credentials ORDER BY id"
        )
        return [Issued(**dict(row)) for row in rows]
