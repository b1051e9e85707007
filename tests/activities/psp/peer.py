"""The far end of the wire: a real TCP server that keeps what it hears and does as it is told."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from activities.psp.certification import Canned, Heard

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Behaviour = Callable[[Heard, Ends], Awaitable[None]]


@dataclass
class Peer:
    behaviour: Behaviour
    url: str = ""
    heard: list[Heard] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            request = await _read(reader)
            self.heard.append(request)
            await self.behaviour(request, (reader, writer))
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def listening(behaviour: Behaviour) -> AsyncIterator[Peer]:
    peer = Peer(behaviour)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    peer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield peer


def refusing_url() -> str:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


# --- behaviours -------------------------------------------------------------------------------


def says(answer: Callable[[Heard], Canned]) -> Behaviour:
    async def behave(request: Heard, ends: Ends) -> None:
        canned = answer(request)
        await sends(response(canned.status, canned.body, canned.headers))(request, ends)

    return behave


def sends(raw: bytes) -> Behaviour:
    """These bytes, then the end of the connection."""

    async def behave(_: Heard, ends: Ends) -> None:
        ends[1].write(raw)
        await ends[1].drain()

    return behave


async def loses_the_answer(_: Heard, ends: Ends) -> None:
    ends[1].close()


async def hangs(_: Heard, ends: Ends) -> None:
    await ends[0].read()


async def resets(_: Heard, ends: Ends) -> None:
    sock: socket.socket = ends[1].get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    ends[1].transport.abort()


async def drips(_: Heard, ends: Ends) -> None:
    """A byte now and then: never silent for long, and never done."""
    ends[1].write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while not ends[0].at_eof() and not ends[1].is_closing():
        ends[1].write(b" ")
        await ends[1].drain()
        with suppress(TimeoutError):
            await asyncio.wait_for(ends[0].read(1), 0.02)


def response(
    status: int, body: bytes, headers: Mapping[str, str] | None = None, length: int | None = None
) -> bytes:
    defaults = {
        "content-length": str(len(body) if length is None else length),
        "connection": "close",
    }
    lines = "".join(
        f"{name}: {value}\r\n" for name, value in {**defaults, **(headers or {})}.items()
    )
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + body


async def _read(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Heard(method, path, headers, body)
