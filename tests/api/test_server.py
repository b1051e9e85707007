"""What is no proper HTTP is refused early, and holds up nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from api import server
from infra.local.ports import free_ports
from infra.settings import Api


@pytest.fixture(scope="module")
async def port(app: FastAPI) -> AsyncIterator[int]:
    (port,) = free_ports(1)
    serving = server.server(app, Api(port=port))
    serving.config.lifespan = "off"
    running = asyncio.create_task(serving.serve())
    while not serving.started:  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.01)
    yield port
    serving.should_exit = True
    await running


async def answer_to(port: int, *pieces: bytes) -> bytes:
    """All that comes back until the server closes; a server that has closed takes no more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def problem(answer: bytes) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in head
    return str(json.loads(body)["type"])


GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
CLOSE = b"Connection: close\r\n"


async def test_a_proper_request_is_answered_whole_or_in_pieces(port: int) -> None:
    whole = GET + CLOSE + b"\r\n"
    for pieces in ([whole], [whole[i : i + 1] for i in range(len(whole))]):
        assert (await answer_to(port, *pieces)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    ],
)
async def test_what_could_be_read_in_two_ways_is_refused(port: int, request_: bytes) -> None:
    assert problem(await answer_to(port, request_)) == "urn:paysaga:problem:invalid-http"


async def test_a_head_without_end_is_cut_off(port: int) -> None:
    endless = [GET + b"X-Long: ", *[b"x" * 4096] * 64]
    assert b"200" not in (await answer_to(port, *endless))[:20]
    at_once = GET + b"X-Long: " + b"x" * server.MAX_HEAD_BYTES + b"\r\n\r\n"
    assert problem(await answer_to(port, at_once)) == "urn:paysaga:problem:invalid-http"


async def test_a_large_body_in_one_piece_is_no_large_head(port: int) -> None:
    body = b'{"x": "' + b"x" * 60_000 + b'"}'
    head = b"POST /v1/cashier/intents HTTP/1.1\r\nHost: x\r\n" + CLOSE
    told = head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    assert (await answer_to(port, told)).startswith(b"HTTP/1.1 401 ")


async def test_who_says_nothing_is_not_waited_for(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.1)
    assert await answer_to(port) == b""
    assert await answer_to(port, GET) == b""


async def test_a_thousand_silent_connections_hold_up_nobody(port: int) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(1000)]
    assert (await answer_to(port, GET + CLOSE + b"\r\n")).startswith(b"HTTP/1.1 200 ")
    for _, writer in silent:
        writer.close()
