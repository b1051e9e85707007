"""What an endpoint is handed: the parts of this process, and who asks what under which key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import Depends, Header, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPBearer
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.credentials import Role
from activities.audit.auditor import Auditor
from activities.cases.reads import CaseReads
from activities.inbox.inbox import Inbox
from activities.inbox.security import SecurityLog
from activities.inbox.webhook_types import WebhookTypes
from activities.notices.feed import Feed
from activities.psp.catalog import Catalog
from activities.registry.declines import DeclineReads
from activities.registry.reads import RegistryReads
from activities.registry.requests import Claim, Requests
from activities.risk.players import RiskPlayers
from activities.routing.breakers import Breakers
from activities.routing.changes import Changes
from activities.routing.estimates import Estimates
from activities.routing.rates import Rates
from activities.routing.snapshot import Snapshots
from activities.routing.stops import Stops
from activities.routing.switches import Switches
from activities.wallet.reads import WalletReads
from api.auth import CASHIERS, READERS, Caller, Door
from api.errors import FieldError, Problem, current_trace, invalid
from api.runs import Runs
from infra.settings import Settings

_KEY = re.compile(r"[\x20-\x7e]{1,255}")


@dataclass(frozen=True)
class Parts:
    """Everything this process works with, made once at start."""

    settings: Settings
    pool: asyncpg.Pool
    engine: AsyncEngine
    runs: Runs
    door: Door
    requests: Requests
    registry: RegistryReads
    wallet: WalletReads
    cases: CaseReads
    switches: Switches
    snapshots: Snapshots
    changes: Changes
    estimates: Estimates
    stops: Stops
    breakers: Breakers
    rates: Rates
    players: RiskPlayers
    feed: Feed
    inbox: Inbox
    security: SecurityLog
    types: WebhookTypes
    declines: DeclineReads
    auditor: Auditor
    catalog: Catalog
    streams: set[object] = field(default_factory=set)
    """One for each open event stream."""


def parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


@dataclass(frozen=True)
class Read:
    """Somebody looks."""

    parts: Parts
    caller: Caller


@dataclass(frozen=True)
class Write:
    """Somebody wants something done, once per key."""

    parts: Parts
    caller: Caller
    key: str
    place: str
    """Method and path."""

    @property
    def trace_id(self) -> str:
        return current_trace()

    def claim(self, brand: str, resource_id: str, parameters: Mapping[str, Any]) -> Claim:
        """The key, bound to place and parameters, whatever order or spelling they came in."""
        canonical = orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS)
        asked = hashlib.sha256(self.place.encode() + b"\n" + canonical)
        return Claim(
            brand=brand, key=self.key, request_hash=asked.hexdigest(), resource_id=resource_id
        )


async def _caller(request: Request) -> Caller:
    return await parts_of(request).door.caller(request.headers.get("authorization"))


_KnownCaller = Annotated[Caller, Depends(_caller)]
_bearer = Security(HTTPBearer(auto_error=False, description="A token from `api.credentials`"))


def _require_known_query(request: Request) -> None:
    """A filter that is misspelt would give everything, which is worse than an error."""
    known = set(_query_of(request.scope["route"].dependant))
    for name in request.query_params:
        if name not in known:
            allowed = ", ".join(sorted(known)) or "none"
            raise invalid(
                FieldError("query", f"has a parameter that is not known; known: {allowed}")
            )
        if len(request.query_params.getlist(name)) > 1:
            raise invalid(FieldError(name, "must be given once"))


def _query_of(dependant: Dependant) -> Iterator[str]:
    for parameter in dependant.query_params:
        yield parameter.alias
    for inner in dependant.dependencies:
        yield from _query_of(inner)


def _reading(*allowed: Role) -> Callable[..., Awaitable[Read]]:
    async def read(request: Request, caller: _KnownCaller, _: Any = _bearer) -> Read:
        caller.require(allowed)
        _require_known_query(request)
        return Read(parts_of(request), caller)

    return read


def _writing(*allowed: Role) -> Callable[..., Awaitable[Write]]:
    async def write(
        request: Request,
        caller: _KnownCaller,
        _: Any = _bearer,
        __: Annotated[
            str | None,
            Header(
                alias="X-Idempotency-Key",
                description="Required: 1 to 255 printable ASCII characters",
            ),
        ] = None,
    ) -> Write:
        caller.require(allowed)
        _require_known_query(request)
        place = f"{request.method}\n{request.url.path}"
        return Write(parts_of(request), caller, _key(request), place)

    return write


def _key(request: Request) -> str:
    given = request.headers.getlist("x-idempotency-key")
    if len(given) != 1 or not _KEY.fullmatch(given[0]):
        raise Problem(
            400,
            "idempotency-key-required",
            "An idempotency key is needed",
            "send one X-Idempotency-Key of 1 to 255 printable ASCII characters; "
            "repeat it when you repeat the request",
        )
    return given[0]


PartsOf = Annotated[Parts, Depends(parts_of)]
AnyRead = Annotated[Read, Depends(_reading(*READERS))]
OperatorRead = Annotated[Read, Depends(_reading(Role.OPERATOR))]
DeskRead = Annotated[Read, Depends(_reading(Role.OPERATOR, Role.APPROVER))]
CashierWrite = Annotated[Write, Depends(_writing(*CASHIERS))]
PayoutWrite = Annotated[Write, Depends(_writing(*READERS))]
ApproverWrite = Annotated[Write, Depends(_writing(Role.APPROVER))]
DeskWrite = Annotated[Write, Depends(_writing(Role.OPERATOR, Role.APPROVER))]
OperatorWrite = Annotated[Write, Depends(_writing(Role.OPERATOR))]
