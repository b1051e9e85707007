"""An exchange ends in time, in bounded memory, and says what is certain."""

from __future__ import annotations

import asyncio
import gzip
import logging
import os
import ssl
import sys
import time

import pytest
from pydantic import BaseModel

from activities.psp.wire import Answer, InDoubt, Limits, NeverSent, Wire
from tests.activities.psp import peer

QUICK = Limits(deadline=0.5, connect=0.2, pool=0.1, body=10_000, connections=1)


class Said(BaseModel):
    status: str


GOOD = b'{"status": "done"}'


async def ask(behaviour: peer.Behaviour, limits: Limits = QUICK) -> Said:
    async with peer.listening(behaviour) as far:
        return await ask_at(far.url, limits)


async def ask_at(url: str, limits: Limits = QUICK) -> Said:
    wire = Wire(url, limits=limits)
    try:
        answer = await wire.exchange("POST", "/do?token=sk_secret", json={"pin": "sk_secret"})
        return answer.read(Said)
    finally:
        await wire.aclose()


async def test_a_whole_answer_is_read() -> None:
    assert (await ask(peer.sends(peer.response(200, GOOD)))).status == "done"


async def test_a_refusal_in_the_dialect_is_read() -> None:
    assert (await ask(peer.sends(peer.response(422, GOOD)))).status == "done"


async def test_a_compressed_answer_is_read() -> None:
    packed = peer.response(200, gzip.compress(GOOD), {"content-encoding": "gzip"})
    assert (await ask(peer.sends(packed))).status == "done"


class Unfound:
    """Keeps the name of each module that is looked for and not found."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        self.names.append(name)


async def test_an_exchange_looks_for_no_module_that_is_not_there() -> None:
    unfound = Unfound()
    # Behind all others: it is asked only for what none of them has found.
    sys.meta_path.append(unfound)
    try:
        await ask(peer.sends(peer.response(200, GOOD)))
        unfound.names.clear()
        await ask(peer.sends(peer.response(200, GOOD)))
    finally:
        sys.meta_path.remove(unfound)
    assert unfound.names == []


async def test_nobody_listening_means_never_sent() -> None:
    with pytest.raises(NeverSent, match="ConnectError"):
        await ask_at(peer.refusing_url())


async def test_a_host_without_address_means_never_sent() -> None:
    with pytest.raises(NeverSent):
        await ask_at("http://psp.invalid")


async def test_a_failed_tls_handshake_means_never_sent() -> None:
    async with peer.listening(peer.hangs) as far:
        with pytest.raises(NeverSent):
            await ask_at(far.url.replace("http:", "https:"))


async def test_a_request_that_cannot_be_written_means_never_sent() -> None:
    wire = Wire("http://127.0.0.1:1", tls=ssl.create_default_context())
    with pytest.raises(NeverSent, match="could not be written"):
        await wire.exchange("POST", "/do", headers={"X-Trace-Id": "\N{SNOWMAN}"})
    await wire.aclose()


async def test_no_free_connection_means_never_sent() -> None:
    async with peer.listening(peer.hangs) as far:
        wire = Wire(far.url, limits=QUICK)
        first = asyncio.create_task(wire.exchange("POST", "/do"))
        await asyncio.sleep(0.05)
        with pytest.raises(NeverSent, match="PoolTimeout"):
            await wire.exchange("POST", "/do")
        with pytest.raises(InDoubt):
            await first
        await wire.aclose()


DOUBTS = {
    "the connection is closed without an answer": peer.loses_the_answer,
    "the connection is reset": peer.resets,
    "half of the body": peer.sends(peer.response(200, GOOD[:9], length=len(GOOD))),
    "half of the head": peer.sends(b"HTTP/1.1 200 OK\r\ncontent-"),
    "no HTTP": peer.sends(b"SSH-2.0-OpenSSH_9.7\r\n\r\n"),
    "no body": peer.sends(peer.response(200, b"")),
    "204": peer.sends(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"),
    "a page of HTML": peer.sends(peer.response(200, b"<html>maintenance</html>")),
    "JSON that breaks off": peer.sends(peer.response(200, GOOD[:9])),
    "JSON with something behind it": peer.sends(peer.response(200, GOOD + b"{}")),
    "JSON that nests without end": peer.sends(peer.response(200, b"[" * 5000)),
    "JSON of another kind": peer.sends(peer.response(200, b'["done"]')),
    "a field of another type": peer.sends(peer.response(200, b'{"status": 1}')),
    "no UTF-8": peer.sends(peer.response(200, b'{"status": "\xff\xfe"}')),
    "a body above the cap": peer.sends(peer.response(200, GOOD + b" " * 20_000)),
    "a gzip bomb": peer.sends(
        peer.response(200, gzip.compress(GOOD + b" " * 50_000_000), {"content-encoding": "gzip"})
    ),
    "gzip that breaks off": peer.sends(
        peer.response(200, gzip.compress(GOOD)[:-6], {"content-encoding": "gzip"})
    ),
    "garbled gzip": peer.sends(peer.response(200, b"not gzip", {"content-encoding": "gzip"})),
    "a compression nobody asked for": peer.sends(
        peer.response(200, GOOD, {"content-encoding": "br"})
    ),
    "a redirect": peer.sends(peer.response(302, GOOD, {"location": "http://127.0.0.1:1/"})),
    "an error of the PSP": peer.sends(peer.response(500, GOOD)),
    "an error of a gateway": peer.sends(peer.response(502, b"<html>bad gateway</html>")),
    "a compressed answer above the cap": peer.sends(
        peer.response(
            200, gzip.compress(GOOD, mtime=0) + os.urandom(20_000), {"content-encoding": "gzip"}
        )
    ),
    "silence": peer.hangs,
    "an answer that drips": peer.drips,
}


@pytest.mark.parametrize("what", DOUBTS)
async def test_in_doubt_and_in_time(what: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    started = time.monotonic()
    with pytest.raises(InDoubt) as raised:
        await ask(DOUBTS[what])
    assert time.monotonic() - started < 2.0
    shown = str(raised.value) + caplog.text
    assert "secret" not in shown
    assert "maintenance" not in shown
    assert raised.value.__cause__ is None


async def test_a_proxy_of_the_machine_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", peer.refusing_url())
    assert (await ask(peer.sends(peer.response(200, GOOD)))).status == "done"


async def test_everything_before_the_deadline_fits_into_it() -> None:
    limits = Limits()
    assert limits.pool + 2 * limits.connect < limits.deadline < 12


async def test_an_answer_does_not_show_its_body() -> None:
    assert "sk_secret" not in repr(Answer(200, {}, b"sk_secret"))
