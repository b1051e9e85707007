"""Refused requests are security events: who is not known, who may not, who asks too often."""

from __future__ import annotations

from contextlib import suppress

import orjson
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from activities.security.refusal import Refusal
from api.http.ground import ground_of
from api.http.sources import source_of

_SEEN = frozenset({401, 403, 429})
_DOORS = ("/webhooks/", "/payments/callback")
"""What is refused there is recorded there, with the rule that a PSP broke."""
_PREFIX = "urn:paysaga:problem:"


class Refusals:
    """Around everything that answers; what is stored and answered again counts like the first."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_DOORS):
            return await self._app(scope, receive, send)
        answer = _Answer(send)
        await self._app(scope, receive, answer)
        if answer.status in _SEEN:
            request = Request(scope)
            route = scope.get("route")
            refusal = Refusal.of_caller(
                answer.rule,
                answer.status,
                remote=source_of(request),
                headers=request.headers,
                place=f"{scope['method']} {route.path}" if route is not None else None,
                actor=getattr(request.state, "actor", None),
            )
            await ground_of(request).access.security.record(refusal)
        return None


class _Answer:
    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.rule = "refused"

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif self.status in _SEEN and message.get("body"):
            # Ours, and whole: a problem is one short body.
            with suppress(orjson.JSONDecodeError):
                problem = orjson.loads(message["body"])
                self.rule = str(problem["type"]).removeprefix(_PREFIX)
        await self._send(message)
