"""What is no proper HTTP is refused early, and holds up nobody."""

from __future__ import annotations

import asyncio
import re

import pytest

from activities.settings import Settings
from api.http import bodies, connection
from api.http.connection import MAX_HEAD_BYTES
from tests.doors.conftest import Count
from tests.doors.raw import ANSWERED, READ_IN_TWO_WAYS, C, H, get, post
from tests.doors.wire import all_of, answer_to, problem, statuses

LEAK = re.compile(rb"Traceback|\nserver:", re.IGNORECASE)
GET = b"GET /healthz HTTP/1.1\r\n" + H


async def test_what_could_be_read_in_two_ways_is_refused_once(port: int, count: Count) -> None:
    otherwise = {}
    for name, request in READ_IN_TWO_WAYS.items():
        answer = await answer_to(port, request)
        # A head that is too long may be cut off while it still comes.
        refused = statuses(answer) == [400] and problem(answer) == "invalid-http"
        if not refused and not (answer == b"" and len(request) > MAX_HEAD_BYTES):
            otherwise[name] = answer
    assert otherwise == {}
    count("requests that could be read in two ways, all refused", len(READ_IN_TWO_WAYS))


async def test_what_can_be_read_in_one_way_is_answered_as_often_as_it_was_asked(
    port: int, count: Count
) -> None:
    otherwise = {}
    for name, (request, expected) in ANSWERED.items():
        answer = await answer_to(port, request)
        if statuses(answer) != expected or LEAK.search(answer):
            otherwise[name] = answer
    assert otherwise == {}
    count("unusual requests, all answered in one way", len(ANSWERED))


async def test_a_request_in_pieces_is_the_same_request(port: int) -> None:
    for whole in (get(), post(b"Content-Length: 2", body=b"{}")):
        pieces = [whole[i : i + 1] for i in range(len(whole))]
        assert statuses(await answer_to(port, *pieces)) == statuses(await answer_to(port, whole))


async def test_what_stands_behind_a_body_is_no_header(port: int) -> None:
    body = b"2\r\n{}\r\n0\r\nX-Trace-Id: smuggled\r\n\r\n"
    answer = await answer_to(port, post(b"Transfer-Encoding: chunked", body=body))
    assert statuses(answer) == [401]
    assert b"smuggled" not in answer


async def test_nobody_on_this_machine_is_believed_about_where_a_request_comes_from(
    port: int,
) -> None:
    forged = (b"X-Forwarded-For: 198.51.100.1", b"X-Forwarded-Proto: https")
    answer = await answer_to(port, get(b"/healthz", *forged))
    assert b"strict-transport-security" not in answer.lower()


async def test_a_head_without_end_is_cut_off(port: int) -> None:
    for begun in (GET + b"X-Long: ", b"GET /", post(b"Transfer-Encoding: chunked", body=b"5;")):
        endless = [begun, *[b"x" * 4096] * 256]
        assert statuses(await answer_to(port, *endless)) in ([400], [401], [])


async def test_a_large_body_in_one_piece_is_no_large_head(port: int) -> None:
    body = b'{"x": "' + b"x" * 60_000 + b'"}'
    whole = post(f"Content-Length: {len(body)}".encode(), body=body)
    assert statuses(await answer_to(port, whole)) == [401]


async def test_who_says_nothing_is_not_waited_for(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)
    assert await answer_to(port) == b""
    assert await answer_to(port, GET) == b""
    assert await answer_to(port, b"\r\n\r\n") == b""
    for begun in (b"\r\n", b"GET /healthz HT"):
        assert await after_an_answer(port, begun) == b""


async def after_an_answer(port: int, then: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(GET + b"\r\n")
    await reader.readuntil(b"}")
    writer.write(then)
    try:
        return await all_of(reader)
    finally:
        writer.close()


async def dripping(port: int, begun: bytes, piece: bytes = b"x") -> list[int]:
    """What somebody hears who sends a byte now and then until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def drip() -> None:
        while True:
            await asyncio.sleep(0.01)
            writer.write(piece)

    writer.write(begun)
    dripper = asyncio.create_task(drip())
    try:
        return statuses(await all_of(reader))
    finally:
        dripper.cancel()
        writer.close()


REFUSED = {
    "without a credential": (post(b"Content-Length: 60000").replace(C, b""), [401]),
    "at an address that is none": (
        post(b"Content-Length: 60000", path=b"/nowhere").replace(C, b""), [404]),
    "beyond the limit": (
        post(b"Content-Length: 9000000", b"Content-Type: application/json",
             path=b"/webhooks/fake").replace(C, b""), [404]),
    "in chunks": (post(b"Transfer-Encoding: chunked", body=b"fffff\r\n").replace(C, b""), [401]),
}  # fmt: skip


async def test_who_is_refused_does_not_keep_the_connection_by_dripping_a_body(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 3600)
    monkeypatch.setattr(connection, "REST_SECONDS", 0.3)
    for name, (begun, expected) in REFUSED.items():
        assert (name, await dripping(port, begun)) == (name, expected)


async def test_who_is_refused_does_not_keep_the_connection_by_pouring_a_body(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 3600)
    monkeypatch.setattr(connection, "REST_SECONDS", 3600)
    monkeypatch.setattr(connection, "REST_BYTES", 100_000)
    begun = post(b"Content-Length: 900000000").replace(C, b"")
    assert await dripping(port, begun, b"x" * 20_000) in ([401], [])


async def test_a_body_that_is_wanted_and_drips_is_not_waited_for(
    port: int, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(bodies, "READ_SECONDS", 0.3)
    monkeypatch.setattr(connection, "REST_SECONDS", 0.3)
    door = settings.routing.accounts[0].psp.encode()
    begun = post(
        b"Content-Type: application/json", b"Content-Length: 60000", path=b"/webhooks/" + door
    )
    assert await dripping(port, begun.replace(C, b"")) == [408]


async def test_after_a_refusal_whose_body_came_the_connection_goes_on(port: int) -> None:
    again = post(b"Content-Length: 5", body=b"hello").replace(C, b"")
    assert statuses(await answer_to(port, again, again, get())) == [401, 401, 200]


async def test_a_row_of_requests_has_an_end(port: int) -> None:
    """Each is answered in its turn, or the connection is closed: never in another's place."""
    row = GET + b"\r\n"
    heard = statuses(await answer_to(port, row * 2000))
    assert set(heard) == {200}
    assert len(heard) <= connection.QUEUED_AT_MOST + 2
