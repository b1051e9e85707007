"""What an endpoint is handed: who asks what under which key, and the parts of its folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Depends, Header, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPBearer

from activities.access.credential import Role
from activities.access.tokens import prefix_of
from activities.registry.claims import Action, Claim
from activities.registry.requests import Requests
from api.http.auth import Caller, bearer_of
from api.http.card_data import refuse_card_data
from api.http.errors import FieldError, Problem, current_trace, invalid
from api.http.ground import ground_of
from api.http.shares import take_turn
from api.http.sources import source_of
from infra.postgres import see

_KEY = re.compile(r"[\x20-\x7e]{1,255}")

P = TypeVar("P", covariant=True)
"""The parts of a folder."""


@dataclass(frozen=True)
class Read(Generic[P]):
    """Somebody looks."""

    parts: P
    caller: Caller


@dataclass(frozen=True)
class Write(Generic[P]):
    """Somebody wants something done, once per key."""

    parts: P
    requests: Requests
    caller: Caller
    key: str
    place: str
    """Method and path."""
    route: str
    """Method and the path's template, which names nothing."""
    remote: str | None

    @property
    def trace_id(self) -> str:
        """Of the request; it is written down with all that comes of it."""
        return current_trace()

    def request_hash(self, parameters: Mapping[str, Any]) -> str:
        """Of place and parameters, whatever order or spelling they came in."""
        canonical = orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(self.place.encode() + b"\n" + canonical).hexdigest()

    def claim(self, brand: str, resource_id: str, parameters: Mapping[str, Any]) -> Claim:
        """The key, bound to place and parameters; whoever claims it is written down with it."""
        return Claim(
            brand=brand,
            key=self.key,
            request_hash=self.request_hash(parameters),
            resource_id=resource_id,
            action=self.action(parameters),
        )

    def action(self, parameters: Mapping[str, Any]) -> Action:
        """Who has what done from where, as it is written down; why, if the parameters say so."""
        return Action(
            actor=self.caller.name,
            person=self.caller.person,
            remote=self.remote,
            what=self.route,
            reason=parameters.get("reason"),
            trace_id=self.trace_id,
        )


async def _caller(request: Request) -> Caller:
    """Kept on the request for whoever writes down a refusal."""
    given = request.headers.get("authorization")
    request.state.actor = prefix_of(bearer_of(given) or "")
    caller = await ground_of(request).access.door.caller(given, source_of(request))
    request.state.actor = caller.name
    see(caller.brands)
    return caller


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


def _require_clean_address(request: Request) -> None:
    """Only now that the caller is known; the server takes no address beyond MAX_HEAD_BYTES.

    Raises Problem `card-data-refused`.
    """
    words = [word for pair in request.query_params.multi_items() for word in pair]
    refuse_card_data(request.scope["path"], *words)


def _query_of(dependant: Dependant) -> Iterator[str]:
    for parameter in dependant.query_params:
        yield parameter.alias
    for inner in dependant.dependencies:
        yield from _query_of(inner)


def _route_of(request: Request) -> tuple[str, str]:
    """Method and the path's template."""
    return request.method, request.scope["route"].path


def reading(parts_of: Callable[[Request], P], *allowed: Role) -> Callable[..., Awaitable[Read[P]]]:
    """What an endpoint depends on that shows something to one of these roles.

    It raises what the door raises, and the Problems `forbidden`, `card-data-refused`,
    `invalid-request` and `share-used-up`.
    """

    async def read(request: Request, caller: _KnownCaller, _: Any = _bearer) -> Read[P]:
        caller.require(allowed)
        caller.require_route(*_route_of(request))
        _require_clean_address(request)
        _require_known_query(request)
        await take_turn(request, ground_of(request).access.turns, caller.credential)
        return Read(parts_of(request), caller)

    return read


def writing(parts_of: Callable[[Request], P], *allowed: Role) -> Callable[..., Awaitable[Write[P]]]:
    """What an endpoint depends on that does something for one of these roles.

    It raises what `reading` does, and Problem `idempotency-key-required`.
    """

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
    ) -> Write[P]:
        caller.require(allowed)
        caller.require_route(*_route_of(request))
        _require_clean_address(request)
        _require_known_query(request)
        key = _key(request)
        await take_turn(request, ground_of(request).access.turns, caller.credential)
        return Write(
            parts=parts_of(request),
            requests=ground_of(request).requests,
            caller=caller,
            key=key,
            place=f"{request.method}\n{request.scope['path']}",
            route=" ".join(_route_of(request)),
            remote=source_of(request),
        )

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
    refuse_card_data(given[0])
    return given[0]
