"""Faults to order: the next matching requests meet them, whatever they ask.

A fault is on the wire, in front of the idempotency keys. What each does:

lost_before, lost_after: the connection is closed without an answer, before or after executing
status_<n>_before (500): not executed · status_<n>_after (500): executed, the answer is an error
status_409, status_429, status_503: not executed, the PSP's own words for it
garbage: executed, the answer is cut in the middle
html: not executed, a page of HTML with status 200 comes from something in front of the PSP
slow: executed at once, answered after `seconds`
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.sandbox_psp.wire import LostAnswer

_BEHIND_THE_CURTAIN = ("/_control", "/healthz")
_MAINTENANCE = "<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"


class Fault(BaseModel):
    """`path` is a regular expression that is searched for in the path; `times` null: for good."""

    model_config = ConfigDict(extra="forbid")

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
    times: Annotated[int, Field(ge=1)] | None = 1
    seconds: Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)] = 0.0

    @field_validator("path")
    @classmethod
    def _compiles(cls, path: str) -> str:
        try:
            re.compile(path)
        except re.error as failure:
            raise ValueError("must be a regular expression") from failure
        return path


class Faults:
    """An ASGI middleware; `answer` makes the PSP's own words for a status."""

    def __init__(self, app: ASGIApp, answer: Callable[[int], Response]) -> None:
        self._app, self._answer = app, answer
        self.ordered: list[Fault] = []
        self.closing = asyncio.Event()
        """Set when the process ends: nobody waits on purpose any more."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._strike(scope) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        response = self._before(fault)
        if response is None:
            executed = await _execute(self._app, scope, receive)
            response = await self._after(fault, executed)
        await response(scope, receive, send)

    def _strike(self, scope: Scope) -> Fault | None:
        """The oldest that matches; it is used up by that."""
        if scope["path"].startswith(_BEHIND_THE_CURTAIN):
            return None
        for fault in self.ordered:
            if fault.method in ("*", scope["method"]) and re.search(fault.path, scope["path"]):
                if fault.times is not None:
                    fault.times -= 1
                    self.ordered = [each for each in self.ordered if each.times != 0]
                return fault
        return None

    def _before(self, fault: Fault) -> Response | None:
        match fault.fault:
            case "lost_before":
                return LostAnswer()
            case "html":
                return HTMLResponse(_MAINTENANCE)
            case "status_500_before":
                return self._answer(500)
            case "status_409" | "status_429" | "status_503":
                return self._answer(int(fault.fault.removeprefix("status_")))
        return None

    async def _after(self, fault: Fault, executed: Response) -> Response:
        match fault.fault:
            case "lost_after":
                return LostAnswer()
            case "status_500_after":
                return self._answer(500)
            case "garbage":
                cut = bytes(executed.body)[: len(executed.body) // 2]
                return Response(cut, executed.status_code, media_type="application/json")
        try:
            async with asyncio.timeout(fault.seconds):
                await self.closing.wait()
        except TimeoutError:
            return executed
        return LostAnswer()


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
