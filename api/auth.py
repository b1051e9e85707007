"""Who is calling: a bearer token, the roles and brands behind it."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass

from activities.access.credentials import ALL_BRANDS, Credential, Credentials, Role, hash_of
from api.errors import FieldError, Problem, forbidden, invalid, not_found

READERS = (Role.PLATFORM, Role.OPERATOR, Role.APPROVER)
CASHIERS = (Role.PLATFORM, Role.OPERATOR)

DEFAULT_BRAND = "default"
_MAX_REMEMBERED = 1000


@dataclass(frozen=True)
class Caller:
    name: str
    roles: frozenset[str]
    brands: frozenset[str]

    def require(self, allowed: tuple[Role, ...]) -> None:
        """Raises Problem `forbidden` naming the roles that may."""
        if self.roles.isdisjoint(allowed):
            raise forbidden(f"this needs a credential with the role {' or '.join(allowed)}")

    def brand(self, asked: str | None, pointer: str = "/metadata/brand_id") -> str:
        """The brand that a request is for. Another's brand does not exist for the caller."""
        if asked is not None:
            if ALL_BRANDS not in self.brands and asked not in self.brands:
                raise not_found("brand")
            return asked
        if ALL_BRANDS in self.brands:
            return DEFAULT_BRAND
        if len(self.brands) != 1:
            raise invalid(FieldError(pointer, "name the brand: the credential has several"))
        return next(iter(self.brands))


class Door:
    """Lets in who has a token; remembers it for a short while, so a revoked one ends soon."""

    def __init__(self, credentials: Credentials, remember_seconds: float) -> None:
        self._credentials = credentials
        self._remember_seconds = remember_seconds
        self._remembered: OrderedDict[str, tuple[float, Credential]] = OrderedDict()

    async def caller(self, authorization: str | None) -> Caller:
        """Raises Problem `unauthorized`."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not 1 <= len(token.strip()) <= 256:
            raise _unauthorized("send `Authorization: Bearer <token>`")
        found = await self._find(hash_of(token.strip()))
        if found is None:
            raise _unauthorized("the token is not known, or was revoked")
        return Caller(found.name, found.roles, found.brands)

    async def _find(self, token_hash: str) -> Credential | None:
        now = time.monotonic()
        until, known = self._remembered.get(token_hash, (0.0, None))
        if known is not None and now < until:
            return known
        found = await self._credentials.find(token_hash)
        self._remembered.pop(token_hash, None)
        if found is not None:
            self._remembered[token_hash] = (now + self._remember_seconds, found)
            if len(self._remembered) > _MAX_REMEMBERED:
                self._remembered.popitem(last=False)
        return found


def _unauthorized(detail: str) -> Problem:
    return Problem(
        401,
        "unauthorized",
        "A credential is needed",
        detail,
        headers={"WWW-Authenticate": "Bearer"},
    )
