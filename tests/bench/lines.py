"""Requests over connections that stay open, written and read as bytes.

Who asks runs on the same cores as who answers: an HTTP client's own work of several milliseconds
a request would be measured with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Lines:
    """One for each that is in flight at a time."""

    url: httpx.URL
    lines: dict[int, Line] = field(default_factory=dict)

    async def ask(self, place: int, request: bytes) -> tuple[int, bytes]:
        """Status and body, over the line of this place."""
        reader, writer = await self._line(place)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        return int(head.split(b" ", 2)[1]), await reader.readexactly(size)

    async def _line(self, place: int) -> Line:
        """Servers close what was idle for a while: others had their turn."""
        line = self.lines.get(place)
        if line is None or line[0].at_eof():
            line = await asyncio.open_connection(self.url.host, self.url.port)
            self.lines[place] = line
        return line


@asynccontextmanager
async def lines(url: str) -> AsyncIterator[Lines]:
    opened = Lines(httpx.URL(url))
    try:
        yield opened
    finally:
        for _, writer in opened.lines.values():
            writer.close()


def post(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    named = {"Host": "bench", "Content-Type": "application/json", **headers}
    head = "".join(f"{name}: {text}\r\n" for name, text in named.items())
    return f"POST {path} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
