"""The proxy does to bytes what it says; else the drill would prove nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.chaos.link import CUT_AFTER_BYTES, HOST, Link, Weather

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def echo() -> AsyncIterator[Link]:
    """A link to somebody who says everything back."""

    async def say_back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(4096):
            writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(say_back, HOST, 0)
    link = Link("here to there", server.sockets[0].getsockname()[1])
    await link.open()
    try:
        yield link
    finally:
        await link.close()
        server.close()


@asynccontextmanager
async def connected(link: Link) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection(HOST, link.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def heard(line: Line, sent: bytes, seconds: float = 2.0) -> bytes:
    """What comes back within the time."""
    line[1].write(sent)
    async with asyncio.timeout(seconds):
        return await line[0].readexactly(len(sent))


async def test_fair_weather_carries_everything() -> None:
    async with echo() as link, connected(link) as line:
        assert await heard(line, b"x" * 300_000) == b"x" * 300_000


async def test_a_refusing_link_resets_what_is_connected_and_listens_again_on_the_same_port() -> (
    None
):
    async with echo() as link, connected(link) as line:
        await heard(line, b"hello")
        await link.turn(Weather.REFUSED)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await heard(line, b"still there?")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, link.port)
        await link.turn(Weather.FAIR)
        async with connected(link) as again:
            assert await heard(again, b"hello") == b"hello"


async def test_a_cut_comes_in_the_middle_of_a_stream() -> None:
    async with echo() as link:
        await link.turn(Weather.CUT)
        async with connected(link) as line:
            assert await heard(line, b"short") == b"short"
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await heard(line, b"x" * 2 * CUT_AFTER_BYTES)


@pytest.mark.parametrize(
    ("weather", "size", "at_least"), [(Weather.LAGGING, 1, 0.35), (Weather.SLOW, 5_000, 0.45)]
)
async def test_a_bad_line_takes_its_time(weather: Weather, size: int, at_least: float) -> None:
    async with echo() as link, connected(link) as line:
        await link.turn(weather)
        since = time.monotonic()
        await heard(line, b"x" * size, seconds=5.0)
        assert time.monotonic() - since > at_least


async def test_what_a_partition_held_up_arrives_when_it_is_over() -> None:
    async with echo() as link, connected(link) as line:
        await link.turn(Weather.PARTITIONED)
        with pytest.raises(TimeoutError):
            await heard(line, b"hello", seconds=0.2)
        await link.turn(Weather.FAIR)
        async with asyncio.timeout(2.0):
            assert await line[0].readexactly(5) == b"hello"


async def test_a_half_open_connection_stays_dumb_and_a_new_one_speaks() -> None:
    async with echo() as link, connected(link) as old:
        await heard(old, b"hello")
        await link.turn(Weather.HALF_OPEN)
        await link.turn(Weather.FAIR)
        with pytest.raises(TimeoutError):
            await heard(old, b"hello?", seconds=0.2)
        async with connected(link) as new:
            assert await heard(new, b"hello") == b"hello"
