"""One caller's connection: bounded in bytes and in time, whatever it waits for.

It waits for a head, for the rest of a body that nobody wants any more, or for the next request,
each for so long; what an endpoint does meanwhile has limits of its own. What could be read in two
ways is not read at all, and no refusal is ever sent in the place of another request's answer.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.http.errors import MEDIA_TYPE, Problem
from api.http.headers import ON_EVERY_ANSWER

MAX_HEAD_BYTES = 16 * 1024
HEAD_SECONDS = 10.0
"""A head that takes longer is not waited for: idle connections cost others nothing."""

REST_BYTES = 1024 * 1024
REST_SECONDS = 5.0
"""So much of a body is still taken after its answer: who sends first and reads then reads it."""

QUEUED_AT_MOST = 16
"""Requests that one connection sends before it has the answers to those before them."""

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


class HeadRefused(Exception):
    """Raised inside the parser, which answers for it."""


class BoundedHttp(HttpToolsProtocol):
    """The quick parser keeps whatever it is sent until a head is whole; here it stops in time."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._head_bytes = 0
        self._unfinished = 0
        self._progress = False
        self._in_head = False
        self._in_body = False
        self._rest: int | None = None
        """Bytes that may still come of a body that has been answered."""
        self._running: RequestResponseCycle | None = None
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """From here on the first head has HEAD_SECONDS."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, received: bytes) -> None:
        """Closes on more than REST_BYTES behind an answer, refuses a head of more than
        MAX_HEAD_BYTES."""
        if self._rest is not None:
            self._rest -= len(received)
            if self._rest < 0:
                return self.transport.close()
        self._progress = False
        super().data_received(received)
        # Of a piece that ends one head and begins another only the next pieces are counted.
        self._unfinished = 0 if self._progress else self._unfinished + len(received)
        if self._unfinished > MAX_HEAD_BYTES and self._rest is None:
            self.send_400_response("")
        elif self._in_head or (not self._is_answering and self.timeout_keep_alive_task is None):
            self._wait(HEAD_SECONDS)
        return None

    # What the parser finds

    def on_message_begin(self) -> None:
        """Each head has its own bytes and seconds, on one connection too. One that is whole at once
        needs no clock."""
        super().on_message_begin()
        self._head_bytes = 0
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        """Raises HeadRefused: it counts among the bytes of the head."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Raises HeadRefused when the head grows too large."""
        self._count(len(name) + len(value))
        # What stands behind the body is no header: a proxy has not looked at it.
        if not self._in_body:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Raises HeadRefused for a head of two meanings, or behind QUEUED_AT_MOST others."""
        self._progress = True
        self._in_head = False
        self._stop_waiting()
        self._require_one_meaning()
        if len(self.pipeline) >= QUEUED_AT_MOST:
            raise HeadRefused
        super().on_headers_complete()
        self._in_body = True
        if self.parser.should_upgrade():
            # Nothing else is spoken here, and what follows would be dropped.
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Whoever reads the body bounds it: here it only counts as progress."""
        self._progress = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Of a body that was answered before, nothing more is waited for."""
        self._progress = True
        self._in_body = False
        if self._rest is not None:
            self._rest = None
            self._stop_waiting()
        super().on_message_complete()

    # Answers

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """An answer before the body's end: what is left has REST_BYTES and REST_SECONDS."""
        super().on_response_complete()
        if self._in_body and self.cycle.response_complete and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            self._rest = REST_BYTES
            self._wait(REST_SECONDS)

    def send_400_response(self, msg: str) -> None:
        """Every refusal of the parser, in the words of all others."""
        if self.transport.is_closing():
            return
        if self._is_answering and not (self._in_body and self._running is self.cycle):
            self._close_after_the_answer()
        elif self._running is not None and self._is_answering and self._running.response_started:
            self.transport.close()
        else:
            self.transport.write(_REFUSAL)
            self.transport.close()

    # Limits

    @property
    def _is_answering(self) -> bool:
        return self._running is not None and not self._running.response_complete

    def _require_one_meaning(self) -> None:
        version = self.parser.get_http_version()
        hosts = [value.decode("latin-1") for name, value in self.headers if name == b"host"]
        named = len(hosts) == 1 or (version == "1.0" and not hosts)
        framed = version == "1.1" or all(name != b"transfer-encoding" for name, _ in self.headers)
        proper = named and framed and all(_HOST.fullmatch(host) for host in hosts)
        if not proper or version not in ("1.0", "1.1"):
            raise HeadRefused

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            raise HeadRefused

    def _close_after_the_answer(self) -> None:
        """To the request that was whole; what came behind it is not begun."""
        self.pipeline.clear()
        self.flow.pause_reading()
        if self._running is not None:
            self._running.keep_alive = False

    def _wait(self, seconds: float) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        if self._is_answering:
            self._close_after_the_answer()
        else:
            self.transport.close()


def _refusal() -> bytes:
    body = Problem(
        400,
        "invalid-http",
        "The request is not valid HTTP",
        f"send HTTP/1.1 with one Host and a head of at most {MAX_HEAD_BYTES} bytes",
    ).body("")
    headers = {
        **ON_EVERY_ANSWER,
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    lines = ["HTTP/1.1 400 Bad Request", *(f"{name}: {text}" for name, text in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


_REFUSAL = _refusal()
