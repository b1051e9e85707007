"""Who is calling: a bearer token, the person, roles, brands and bounds behind it."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from activities.access.credential import ALL_BRANDS, ALL_ROUTES, Credential, Role
from activities.access.credentials import Credentials
from activities.access.tokens import prefix_of
from api.http.errors import FieldError, Problem, forbidden, invalid, not_found
from api.http.guesses import Guesses, neighbourhood
from workflows.domain.money import Money

READERS = (Role.PLATFORM, Role.OPERATOR, Role.APPROVER)
CASHIERS = (Role.PLATFORM, Role.OPERATOR)

DEFAULT_BRAND = "default"
_MAX_REMEMBERED = 1000
_LIVE_SECONDS = 1.0
"""The prefixes there are may be asked for this often, however much is guessed."""


@dataclass(frozen=True)
class Caller:
    """Whoever was let in, and what their credential allows."""

    credential: Credential = field(repr=False)

    @property
    def name(self) -> str:
        """Of the credential."""
        return self.credential.name

    @property
    def person(self) -> str:
        """Whose it is: requester and approver are two persons, whatever they hold."""
        return self.credential.person

    @property
    def roles(self) -> frozenset[str]:
        """An endpoint wants one of those it allows, not all."""
        return self.credential.roles

    @property
    def brands(self) -> frozenset[str]:
        """Their ids, or `*`: all that there are."""
        return self.credential.brands

    def require(self, allowed: tuple[Role, ...]) -> None:
        """Raises Problem `forbidden` naming the roles that may."""
        if self.roles.isdisjoint(allowed):
            raise forbidden(f"this needs a credential with the role {' or '.join(allowed)}")

    def require_route(self, method: str, route: str) -> None:
        """Raises Problem `forbidden` naming the routes that the credential is for."""
        routes = self.credential.routes
        if not any(_covers(each, method, route) for each in routes):
            raise forbidden(f"this credential is for {', '.join(routes)} alone")

    def require_amount(self, amount: Money) -> None:
        """What one request may move. Raises Problem `forbidden` naming the bound."""
        at_most = self.credential.at_most
        if not at_most:
            return
        bound = at_most.get(amount.currency)
        if bound is None:
            raise forbidden(f"this credential moves {', '.join(sorted(at_most))} alone")
        if amount > Money.parse(bound, amount.currency):
            raise forbidden(f"this credential moves at most {bound} {amount.currency} at once")

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


@dataclass(frozen=True)
class _Known:
    credential: Credential
    until: float
    proven: bool
    """Asked for with the right token, so that its use is marked."""


class Door:
    """Lets in who has a token; remembers it for a short while, so a revoked one ends soon.

    A wrong token is found out without the database: its prefix is known here, or the address has
    been wrong too often. A right one is let in from the same address all the same.
    """

    def __init__(
        self, credentials: Credentials, remember_seconds: float, wrong_per_minute: int
    ) -> None:
        self._credentials = credentials
        self._remember_seconds = remember_seconds
        self._guesses = Guesses(wrong_per_minute)
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._live: frozenset[str] = frozenset()
        self._live_until = 0.0
        self._asking = asyncio.Lock()

    async def caller(self, authorization: str | None, source: str | None) -> Caller:
        """Raises Problem `unauthorized` or `too-many-wrong-tokens`."""
        token, address = bearer_of(authorization), neighbourhood(source)
        if token is None:
            raise _unauthorized("send `Authorization: Bearer <token>`")
        prefix = prefix_of(token)
        if prefix is None:
            raise self._wrong(address)
        known = self._known.get(prefix)
        if known is None:
            await self._require_patience(address, prefix)
            known = await self._ask(prefix, token)
        elif known.credential.is_of(token) and (
            not known.proven or time.monotonic() >= known.until
        ):
            known = await self._ask(prefix, token)
        if known is None:
            raise self._wrong(address)
        if not known.credential.is_of(token):
            raise self._wrong(address, prefix)
        if known.credential.has_ended():
            raise _unauthorized(_NOT_KNOWN)
        return Caller(known.credential)

    async def _ask(self, prefix: str, token: str) -> _Known | None:
        """What is known of a prefix never changes but for its end."""
        found = await self._credentials.find(prefix, token)
        self._known.pop(prefix, None)
        if found is None:
            return None
        known = _Known(found, time.monotonic() + self._remember_seconds, found.is_of(token))
        self._known[prefix] = known
        if len(self._known) > _MAX_REMEMBERED:
            self._known.popitem(last=False)
        return known

    async def _require_patience(self, address: str, prefix: str) -> None:
        """Raises Problem `too-many-wrong-tokens`, unless there is a token of this prefix."""
        wait = self._guesses.wait(address)
        if wait == 0:
            return
        async with self._asking:
            if time.monotonic() >= self._live_until:
                self._live = await self._credentials.live()
                self._live_until = time.monotonic() + max(_LIVE_SECONDS, self._remember_seconds)
        if prefix not in self._live:
            raise _slowed(wait)

    def _wrong(self, *keys: str) -> Problem:
        wait = max(self._guesses.spend(key) for key in keys)
        return _slowed(wait) if wait else _unauthorized(_NOT_KNOWN)


_NOT_KNOWN = "the token is not known, or it was revoked or has expired"


def bearer_of(authorization: str | None) -> str | None:
    """The token of `Authorization: Bearer …`, 1 to 256 characters; None for all else."""
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and 1 <= len(token) <= 256 else None


def _covers(scope: str, method: str, route: str) -> bool:
    if scope == ALL_ROUTES:
        return True
    allowed, _, path = scope.partition(" ")
    if allowed not in ("*", method):
        return False
    return route.startswith(path[:-1]) if path.endswith("*") else route == path


def _unauthorized(detail: str) -> Problem:
    return Problem(
        401,
        "unauthorized",
        "A credential is needed",
        detail,
        headers={"WWW-Authenticate": "Bearer"},
    )


def _slowed(seconds: int) -> Problem:
    return Problem(
        429,
        "too-many-wrong-tokens",
        "Too many wrong tokens",
        f"wrong tokens came from here, or for this prefix; try again in {seconds} s",
        headers={"Retry-After": str(seconds)},
    )
