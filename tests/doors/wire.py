"""Speaking to a port in bytes, as nobody's client would."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress

PATIENCE = 60
_STATUS = re.compile(rb"(?:\A|(?<=[\r\n}]))HTTP/1\.1 ([0-9]{3}) ")


async def answer_to(port: int, *pieces: bytes) -> bytes:
    """All that comes back until the server closes.

    A server that has closed takes no more: what it said before counts.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
        return await all_of(reader)
    finally:
        writer.close()


async def all_of(reader: asyncio.StreamReader) -> bytes:
    """What came before the server closed, in whichever way it did."""
    came = bytearray()
    async with asyncio.timeout(PATIENCE):
        with suppress(ConnectionError):
            while piece := await reader.read(65_536):
                came += piece
    return bytes(came)


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in _STATUS.findall(answer)]


def problem(answer: bytes) -> str:
    """What kind of problem the only answer is."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return str(json.loads(body)["type"]).removeprefix("urn:paysaga:problem:")
