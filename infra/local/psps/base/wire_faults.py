"""Faults on the wire, in front of all that the PSP does, its idempotency keys too.

A repeat is answered as if the first answer had arrived.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field, field_validator
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.local.psps.base.context import Context
from infra.local.psps.base.faults import Fault, Faults, handed_over

_BEHIND_THE_CURTAIN = ("/_control", "/healthz")
_NOT_EXECUTED = (
    "lost_before",
    "html",
    "status_500_before",
    "status_409",
    "status_429",
    "status_503",
)


class WireFault(Fault):
    """`path` is a regular expression that is searched for in the path."""

    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE", "*"] = "*"
    path: str = ""
    fault: Literal[
        "lost_before",
        "lost_after",
        "status_500_before",
        "status_500_after",
        "status_409",
        "status_429",
        "status_503",
        "garbage",
        "html",
        "slow",
    ]
    seconds: Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)] = 0.0
    """How slow."""

    @field_validator("path")
    @classmethod
    def _compiles(cls, path: str) -> str:
        try:
            re.compile(path)
        except re.error as failure:
            raise ValueError("must be a regular expression") from failure
        return path

    def meets(self, scope: Scope) -> bool:
        is_method = self.method in ("*", scope["method"])
        return is_method and re.search(self.path, scope["path"]) is not None


class FaultyWire:
    """An ASGI middleware."""

    def __init__(
        self,
        app: ASGIApp,
        context: Context,
        faults: Faults[WireFault],
        answer: Callable[[int], Response],
    ) -> None:
        self._app, self._closing = app, context.closing
        self._faults, self._answer = faults, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._strike(scope)
        if fault is None:
            await self._app(scope, receive, send)
            return
        is_executed = fault.fault not in _NOT_EXECUTED
        executed = await _execute(self._app, scope, receive) if is_executed else Response()
        response = await handed_over(
            executed, fault.fault, self._answer, seconds=fault.seconds, closing=self._closing
        )
        await response(scope, receive, send)

    def _strike(self, scope: Scope) -> WireFault | None:
        if scope["type"] != "http" or scope["path"].startswith(_BEHIND_THE_CURTAIN):
            return None
        return self._faults.strike(lambda fault: fault.meets(scope))


async def _execute(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """Run the request; its answer is kept back."""
    kept = Response()
    body = bytearray()

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept.status_code = message["status"]
            kept.raw_headers = list(message["headers"])
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    kept.body = bytes(body)
    return kept
