"""A port of our own: taken before anything else is begun, so that a wrong one is a sentence."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from infra.settings import SettingsError


def taken(host: str, port: int, section: str) -> socket.socket:
    """A socket that is bound and does not listen yet. Raises SettingsError for `<section>_HOST` and
    `<section>_PORT`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        door = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SettingsError(f"{section}_HOST: {host} is no address: {error.strerror}") from None
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(address)
    except OSError as error:
        door.close()
        raise SettingsError(
            f"{section}_HOST and {section}_PORT: {host}:{port} cannot be listened on: "
            f"{error.strerror}"
        ) from None
    return door


class _Beside(uvicorn.Server):
    """Serves beside other work, which hears the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@asynccontextmanager
async def served_beside(app: Any, door: socket.socket) -> AsyncIterator[None]:
    """The ASGI application answers for as long as the context lasts, in this very loop."""
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = _Beside(config)
    serving = asyncio.create_task(server.serve(sockets=[door]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving
