"""A fake PSP as a process: what it logs, where it listens, how it ends."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from types import FrameType
from typing import NoReturn

import uvicorn

from infra.local.psps.base.server import FakePsp
from infra.local.psps.base.settings import ServerSettings
from infra.local.psps.base.wire import Protocol

log = logging.getLogger("fake_psp")


class CannotListen(Exception):
    """The message is one sentence for the person at the keyboard."""


def prepare() -> None:
    """To be ended at any time, and to log what is worth it."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: sys.exit(0))
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(message)s")
    for chatty in ("httpx", "httpcore", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def give_up(sentence: str, code: int = 1) -> NoReturn:
    sys.stderr.write(f"{sentence}\n")
    raise SystemExit(code)


class Server(uvicorn.Server):
    """Tells those who wait on purpose that the process ends."""

    def __init__(self, psp: FakePsp) -> None:
        config = uvicorn.Config(
            psp.app,
            http=Protocol,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            # Well above the callers': they must be the ones to drop idle connections.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self._closing = psp.closing

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._closing.set()


def listen(title: str, settings: ServerSettings) -> socket.socket:
    """Raises CannotListen."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Head and body of an answer are two writes: without this the second waits 40 ms for an ACK.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as failure:
        listening.close()
        raise CannotListen(
            f"{title} cannot listen on {settings.host}:{settings.port} "
            f"({failure.strerror or failure}); choose another with {settings.port_setting}"
        ) from None
    return listening


async def serve(title: str, psp: FakePsp, listening: socket.socket, url: str) -> None:
    """Until the process is told to stop."""
    log.info("%s listens on %s", title, url)
    await Server(psp).serve(sockets=[listening])
