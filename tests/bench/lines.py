"""Requests over connections that stay open, written and read as bytes.

Who asks runs on the same cores as who answers: an HTTP client's own work of several milliseconds
a request would be measured with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Lines:
    """One for each that is in flight at a time."""

    lines: tuple[Line, ...]

    async def ask(self, place: int, request: bytes) -> tuple[int, bytes]:
        """Status and body, over the line of this place."""
        reader, writer = self.lines[place]
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        return int(head.split(b" ", 2)[1]), await reader.readexactly(size)


@asynccontextmanager
async def lines(url: str, number: int) -> AsyncIterator[Lines]:
    at = httpx.URL(url)
    opened = tuple([await asyncio.open_connection(at.host, at.port) for _ in range(number)])
    try:
        yield Lines(opened)
    finally:
        for _, writer in opened:
            writer.close()


def post(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    named = {"Host": "bench", "Content-Type": "application/json", **headers}
    head = "".join(f"{name}: {text}\r\n" for name, text in named.items())
    return f"POST {path} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
