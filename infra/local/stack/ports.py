"""TCP ports on the loopback address: who has one, and which are free."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from random import SystemRandom

HOST = "127.0.0.1"
LISTENED_ON = (15_000, 32_000)
"""Below what systems give to outgoing connections."""


class LocalError(Exception):
    """The local runtime cannot go on; the message is for the person at the keyboard."""


class PortTaken(LocalError):
    """Somebody else listens on a port that one of our processes wants."""

    def __init__(self, port: int, wanted_by: str, setting: str | None = None) -> None:
        way_out = f", or choose another with {setting}" if setting else ""
        super().__init__(
            f"port {port} is taken, and {wanted_by} wants it. Stop what listens there{way_out}."
        )


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on at this moment, all different, and none that the system gives to
    connections: between now and when it is listened on, one of them could have it."""
    with ExitStack() as held:
        found: list[int] = []
        for port in SystemRandom().sample(range(*LISTENED_ON), LISTENED_ON[1] - LISTENED_ON[0]):
            if len(found) == count:
                break
            attempt = held.enter_context(socket.socket())
            try:
                attempt.bind((HOST, port))
            except OSError:
                continue
            found.append(port)
        return found


def require_free(port: int, wanted_by: str, setting: str | None = None) -> None:
    """Raises PortTaken."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError as failure:
            raise PortTaken(port, wanted_by, setting) from failure
