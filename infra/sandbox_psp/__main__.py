"""`python -m infra.sandbox_psp`: the sandbox PSP, until told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sqlite3
import sys
from types import FrameType
from typing import NoReturn

import uvicorn

from infra.sandbox_psp.app import SandboxPsp
from infra.sandbox_psp.settings import Settings, WrongSettings, settings
from infra.sandbox_psp.store import Store
from infra.sandbox_psp.wire import Protocol

log = logging.getLogger("sandbox_psp")


def main() -> None:
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: sys.exit(0))
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(message)s")
    for chatty in ("httpx", "httpcore", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        chosen = settings()
    except WrongSettings as wrong:
        _give_up(f"the settings of the sandbox PSP are wrong: {wrong}", 2)
    try:
        store = Store(chosen.database)
    except (OSError, sqlite3.Error) as failure:
        _give_up(f"the database {chosen.database} cannot be opened: {failure}", 1)
    asyncio.run(_serve(chosen, store))


async def _serve(chosen: Settings, store: Store) -> None:
    listening = _listen(chosen)
    psp = SandboxPsp(chosen, store)
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
    log.info("the sandbox PSP listens on %s", chosen.url)
    await _Server(config, psp.closing).serve(sockets=[listening])


class _Server(uvicorn.Server):
    """Tells those who wait on purpose that the process ends."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        super().__init__(config)
        self._closing = closing

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._closing.set()


def _listen(chosen: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Head and body of an answer are two writes: without this the second waits 40 ms for an ACK.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listening.bind((chosen.host, chosen.port))
    except OSError as failure:
        _give_up(
            f"the sandbox PSP cannot listen on {chosen.host}:{chosen.port} "
            f"({failure.strerror or failure}); choose another with PAYSAGA_SANDBOX_PSP_PORT",
            1,
        )
    return listening


def _give_up(sentence: str, code: int) -> NoReturn:
    sys.stderr.write(f"{sentence}\n")
    raise SystemExit(code)


if __name__ == "__main__":
    main()
