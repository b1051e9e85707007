"""Everybody who may stand at a door: each role for its own brand, another, both and all; and those
who have no business there."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI

from activities.access.credential import Role
from activities.access.issuer import Issuer

OWN, OTHER, BOTH, ALL = "own", "other", "both", "all"
NOBODY, WRONG, REVOKED = "no token", "a wrong token", "a revoked token"
_ADDRESSES = itertools.count(1)


@dataclass(frozen=True)
class Caller:
    role: Role | None
    scope: str
    name: str
    token: str
    app: FastAPI = field(repr=False)

    @property
    def sees(self) -> bool:
        """Whether what is of the own brand exists for it."""
        return self.scope in (OWN, BOTH, ALL)

    async def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """From an address of its own: nobody is slowed for what another has done wrong."""
        number = next(_ADDRESSES)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method in ("POST", "PUT"):
            headers["X-Idempotency-Key"] = uuid.uuid4().hex
        transport = httpx.ASGITransport(self.app, client=(address, 40_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.request(method, path, json=body, headers=headers)

    def __str__(self) -> str:
        return f"{self.role} of {self.scope}" if self.role else self.scope


@dataclass(frozen=True)
class Brands:
    own: str
    other: str

    def of(self, scope: str) -> list[str]:
        names = {OWN: [self.own], OTHER: [self.other], BOTH: [self.own, self.other], ALL: ["*"]}
        return names[scope]


async def everybody(app: FastAPI, owner: asyncpg.Pool, brands: Brands) -> list[Caller]:
    credentials = Issuer(owner)
    found = []
    for role, scope in itertools.product(Role, (OWN, OTHER, BOTH, ALL)):
        name = f"{scope}-{role}-{uuid.uuid4().hex[:8]}"
        token = await credentials.issue(name, [role], brands.of(scope))
        found.append(Caller(role, scope, name, token, app))
    return found


async def strangers(app: FastAPI, owner: asyncpg.Pool, brands: Brands) -> Iterator[Caller]:
    """New ones for each door: who comes often with a wrong token is slowed, and rightly."""
    credentials, name = Issuer(owner), f"leaver-{uuid.uuid4().hex[:8]}"
    token = await credentials.issue(name, list(Role), ["*"])
    await credentials.revoke(name)
    wrong = f"ps_{uuid.uuid4().hex}{uuid.uuid4().hex}"
    words: Mapping[str, str] = {NOBODY: "", WRONG: wrong, REVOKED: token}
    return iter([Caller(None, who, who, given, app) for who, given in words.items()])
