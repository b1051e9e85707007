"""A credential: whose it is, what it may, and whether it has ended."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from activities.access.tokens import hash_of

ALL_BRANDS = "*"
ALL_ROUTES = "*"


class Role(StrEnum):
    PLATFORM = "platform"
    OPERATOR = "operator"
    APPROVER = "approver"


class NothingToRotate(Exception):
    """There is no valid token of that name, or there are two already. Says which."""


@dataclass(frozen=True)
class By:
    """Who changes credentials, and why: they leave an action like everything else."""

    actor: str = "owner"
    reason: str | None = None
    remote: str | None = None


@dataclass(frozen=True, kw_only=True)
class Credential:
    prefix: str
    name: str
    person: str
    """Whose it is: a person, or the program itself."""
    roles: frozenset[str]
    brands: frozenset[str]
    """The brands it may see and act for; `*` stands for all."""
    routes: Sequence[str]
    at_most: Mapping[str, str]
    expires_at: datetime | None
    revoked_at: datetime | None
    token_hash: str = field(repr=False)

    def is_of(self, token: str) -> bool:
        return hmac.compare_digest(self.token_hash, hash_of(token))

    def has_ended(self) -> bool:
        expired = self.expires_at is not None and self.expires_at <= datetime.now(UTC)
        return self.revoked_at is not None or expired


@dataclass(frozen=True)
class Issued:
    """A line of the list of credentials."""

    name: str
    person: str
    prefix: str | None
    roles: Sequence[str]
    brands: Sequence[str]
    routes: Sequence[str]
    at_most: Mapping[str, str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
