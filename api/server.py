"""The HTTP server's edge: a head that is bounded in bytes and in time, whatever comes."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.errors import MEDIA_TYPE, Problem
from infra.settings import Api

MAX_HEAD_BYTES = 16 * 1024
HEAD_SECONDS = 10.0
"""A head that takes longer is not waited for: idle connections cost others nothing."""


class HeadRefused(Exception):
    """Raised inside the parser, which answers for it."""


class BoundedHttp(HttpToolsProtocol):
    """The quick parser keeps whatever it is sent until a head is whole; here it stops in time."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._head_bytes = 0
        self._unfinished = 0
        self._progress = False
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._begin_to_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._progress = False
        super().data_received(data)
        # Of a piece that ends one head and begins another only the next pieces are counted.
        self._unfinished = 0 if self._progress else self._unfinished + len(data)
        if self._patience is not None and self._unfinished > MAX_HEAD_BYTES:
            self.send_400_response("")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        self._begin_to_wait()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._progress = True
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._progress = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Every refusal of the parser, in the words of all others."""
        if not self.transport.is_closing():
            self.transport.write(_REFUSAL)
            self.transport.close()

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            raise HeadRefused

    def _begin_to_wait(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def _refusal() -> bytes:
    body = Problem(
        400,
        "invalid-http",
        "The request is not valid HTTP",
        f"send HTTP/1.1 with a head of at most {MAX_HEAD_BYTES} bytes",
    ).body("")
    head = (
        f"HTTP/1.1 400 Bad Request\r\ncontent-type: {MEDIA_TYPE}\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


_REFUSAL = _refusal()


def server(app: Any, at: Api) -> uvicorn.Server:
    """Addresses go to no log: they can carry anything."""
    config = uvicorn.Config(
        app,
        host=at.host,
        port=at.port,
        http=BoundedHttp,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=20,
    )
    return uvicorn.Server(config)


def settle_memory() -> None:
    """What is there by now stays: the collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
