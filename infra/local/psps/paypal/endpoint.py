"""Who asks, what exactly, was it asked before; then execute and answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from infra.local.psps.base.orders import Handler
from infra.local.psps.paypal import errors, views
from infra.local.psps.paypal.errors import PayPalError
from infra.local.psps.paypal.issues import ORDERS
from infra.local.psps.paypal.store import Store
from infra.local.psps.paypal.views import View


@dataclass(frozen=True)
class Call:
    account: str
    path: str
    id: str
    """From the path."""
    key: str
    """The PayPal-Request-Id; empty without one."""
    whole: bool
    """`Prefer: return=representation`."""
    body: dict[str, Any] = field(default_factory=dict)
    raw: bytes = b""
    query: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    status: int
    show: Callable[[], View] | None
    """The present state, whenever it is asked; None: an answer without a body."""
    again: int | None = None
    """The status when the same is asked once more; None: the same."""
    has_minimum: bool = False
    """Whether Prefer makes a difference."""


Rule = Callable[[Store, Call], Reply]
_Kept = Reply | PayPalError


class Endpoint:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._answered: dict[tuple[str, str, str], _Kept] = {}

    def handler(self, rule: Rule, *, keyed: bool = True) -> Handler:
        """`keyed`: the PayPal-Request-Id makes it idempotent."""

        async def handle(request: Request) -> Response:
            try:
                call = await self._call(request)
                self._store.refusals.meet(request.method, call.path)
                once = keyed and call.key and request.method == "POST"
                reply = self._once(call, rule) if once else rule(self._store, call)
                return _respond(call, reply)
            except PayPalError as error:
                return error.response()

        return handle

    async def _call(self, request: Request) -> Call:
        account = self._store.tokens.account(request.headers.get("Authorization", ""))
        raw = await request.body() if request.method == "POST" else b""
        if raw and request.headers.get("Content-Type", "").partition(";")[0] != "application/json":
            raise PayPalError(415, errors.plain(415))
        return Call(
            account=account,
            path=request.url.path,
            id=str(request.path_params.get("id", "")),
            key=request.headers.get("PayPal-Request-Id", ""),
            whole=request.headers.get("Prefer", "") == "return=representation",
            body=_parse(raw),
            raw=raw,
            query=dict(request.query_params),
        )

    def _once(self, call: Call, rule: Rule) -> Reply:
        place = (call.account, call.path, call.key)
        kept = self._answered.get(place)
        if isinstance(kept, PayPalError):
            raise kept
        if kept is not None:
            return Reply(kept.again or kept.status, kept.show, has_minimum=kept.has_minimum)
        try:
            reply = rule(self._store, call)
        except PayPalError as error:
            if error.kept:
                self._answered[place] = error
            raise
        self._answered[place] = reply
        return reply


def _parse(raw: bytes) -> dict[str, Any]:
    """Raises PayPalError."""
    try:
        body = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError:
        raise errors.invalid("MALFORMED_REQUEST_JSON", ORDERS) from None
    if not isinstance(body, dict):
        raise errors.invalid("MALFORMED_REQUEST_JSON", ORDERS)
    return body


def _respond(call: Call, reply: Reply) -> Response:
    if reply.show is None:
        return errors.respond(reply.status, None)
    view = reply.show()
    if reply.has_minimum and not call.whole:
        view = views.minimal(view)
    return errors.respond(reply.status, view)
