"""HTTP at its edges: JSON answers, refusals, and connections that break on purpose."""

from __future__ import annotations

import asyncio
import socket
import struct
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TRANSPORT = "fake_psp.transport"
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: the kernel answers with RST instead of FIN."""


class Protocol(HttpToolsProtocol):
    """Lets an answer hang up: ASGI has no word for it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_TRANSPORT: {"transport": self.transport}}


class Refused(Exception):
    """Raise it anywhere in a handler: the caller gets this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class LostAnswer(Response):
    """The connection is closed without a byte of answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _transport(scope).close()
        await _gone(receive)


class TornAnswer(Response):
    """The answer begins, then the connection is reset."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json")]
        headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})
        transport = _transport(scope)
        sock: socket.socket = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
        await _gone(receive)


def json_response(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


def rfc3339(moment: float) -> str:
    """Unix seconds as UTC with milliseconds."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["extensions"][_TRANSPORT]["transport"]
    return transport


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
