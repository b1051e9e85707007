"""One access token for many, over a real socket: when it is fetched, and what its failure means."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from activities.psp.certification import Canned, Heard
from activities.psp.oauth import MARGIN_SECONDS, OAuth
from activities.psp.wire import InDoubt, NeverSent, Wire
from tests.activities.psp import peer

SECRET = "very-secret-client"
PATH = "/v1/oauth2/token"


class Server:
    """Gives out numbered tokens; which it takes, and what it does otherwise, a test says."""

    def __init__(self) -> None:
        self.tokens = 0
        self.refused: set[str] = set()
        self.token_answer: Canned | None = None
        self.token_behaviour: peer.Behaviour | None = None
        self.heard: list[Heard] = []
        self.expires_in = 900

    async def behave(self, request: Heard, ends: peer.Ends) -> None:
        self.heard.append(request)
        if request.path == PATH and self.token_behaviour is not None:
            await self.token_behaviour(request, ends)
        else:
            await asyncio.sleep(0.02)
            await peer.says(self._answer)(request, ends)

    def _answer(self, request: Heard) -> Canned:
        if request.path == PATH:
            return self.token_answer or self._token()
        refused = request.headers["authorization"].removeprefix("Bearer ") in self.refused
        return Canned(401 if refused else 200, b"{}")

    def _token(self) -> Canned:
        self.tokens += 1
        body = {"access_token": f"token-{self.tokens}", "expires_in": self.expires_in}
        return Canned(200, json.dumps(body).encode())

    @property
    def asked(self) -> list[str]:
        """The tokens that calls came with."""
        calls = [request for request in self.heard if request.path != PATH]
        return [call.headers["authorization"].removeprefix("Bearer ") for call in calls]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def speaking(
    server: Server, clock: Clock | None = None, token_seconds: float = 4.0
) -> AsyncIterator[OAuth]:
    async with peer.listening(server.behave) as far:
        wire = Wire(far.url)
        yield OAuth(
            wire,
            token_path=PATH,
            client_id="client",
            client_secret=SECRET,
            clock=clock or Clock(),
            token_seconds=token_seconds,
        )
        await wire.aclose()


async def test_a_token_is_asked_for_with_the_credentials_and_used_again() -> None:
    server = Server()
    async with speaking(server) as oauth:
        for _ in range(3):
            assert (await oauth.exchange("GET", "/thing")).status == 200
    assert server.asked == ["token-1"] * 3
    fetch = server.heard[0]
    basic = base64.b64encode(f"client:{SECRET}".encode()).decode()
    assert fetch.headers["authorization"] == f"Basic {basic}"
    assert fetch.body == b"grant_type=client_credentials"


async def test_a_token_is_renewed_shortly_before_it_expires() -> None:
    server, clock = Server(), Clock()
    async with speaking(server, clock) as oauth:
        await oauth.exchange("GET", "/thing")
        clock.now += 900 - MARGIN_SECONDS - 1
        await oauth.exchange("GET", "/thing")
        clock.now += 1
        await oauth.exchange("GET", "/thing")
    assert server.asked == ["token-1", "token-1", "token-2"]


async def test_of_a_short_lived_token_half_its_life_is_used() -> None:
    server, clock = Server(), Clock()
    server.expires_in = 10
    async with speaking(server, clock) as oauth:
        await oauth.exchange("GET", "/thing")
        clock.now += 4
        await oauth.exchange("GET", "/thing")
        clock.now += 1
        await oauth.exchange("GET", "/thing")
    assert server.asked == ["token-1", "token-1", "token-2"]


async def test_many_who_wait_share_one_token() -> None:
    server = Server()
    async with speaking(server) as oauth:
        await asyncio.gather(*(oauth.exchange("GET", "/thing") for _ in range(30)))
    assert server.tokens == 1
    assert server.asked == ["token-1"] * 30


async def test_a_waiter_that_gives_up_leaves_the_token_to_the_others() -> None:
    server = Server()
    async with speaking(server) as oauth:
        first = asyncio.create_task(oauth.exchange("GET", "/thing"))
        second = asyncio.create_task(oauth.exchange("GET", "/thing"))
        await asyncio.sleep(0.005)
        first.cancel()
        assert (await second).status == 200
    assert server.tokens == 1


async def test_a_401_leads_to_one_new_token_and_one_repetition() -> None:
    server = Server()
    server.refused = {"token-1"}
    async with speaking(server) as oauth:
        answer = await oauth.exchange("POST", "/thing", json={"pay": 1})
    assert answer.status == 200
    assert server.asked == ["token-1", "token-2"]
    bodies = {request.body for request in server.heard if request.path != PATH}
    assert bodies == {b'{"pay":1}'}


async def test_many_401s_lead_to_one_new_token() -> None:
    server = Server()
    async with speaking(server) as oauth:
        await oauth.exchange("GET", "/thing")
        server.refused = {"token-1"}
        answers = await asyncio.gather(*(oauth.exchange("GET", "/thing") for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
    assert server.tokens == 2


async def test_a_second_401_is_the_answer() -> None:
    server = Server()
    server.refused = {f"token-{n}" for n in range(1, 10)}
    async with speaking(server) as oauth:
        answer = await oauth.exchange("GET", "/thing")
    assert answer.status == 401
    assert server.asked == ["token-1", "token-2"]


FAILURES: dict[str, peer.Behaviour] = {
    "refused": peer.sends(peer.response(401, b'{"error": "invalid_client"}')),
    "broken": peer.sends(peer.response(500, b"{}")),
    "busy": peer.sends(peer.response(429, b"{}")),
    "redirect": peer.sends(peer.response(302, b"", {"location": "/elsewhere"})),
    "garbage": peer.sends(peer.response(200, b"<html>")),
    "no token": peer.sends(peer.response(200, b'{"expires_in": 900}')),
    "no end": peer.sends(peer.response(200, b'{"access_token": "t"}')),
    "two lines": peer.sends(peer.response(200, b'{"access_token": "t\\r\\nx", "expires_in": 9}')),
    "lost": peer.loses_the_answer,
    "reset": peer.resets,
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_without_a_token_nothing_was_sent_and_all_who_waited_are_told(failure: str) -> None:
    server = Server()
    server.token_behaviour = FAILURES[failure]
    async with speaking(server) as oauth:
        failures = await asyncio.gather(
            *(oauth.exchange("POST", "/thing", json={}) for _ in range(5)), return_exceptions=True
        )
        assert [type(each) for each in failures] == [NeverSent] * 5
        assert not [each for each in failures if SECRET in str(each) or "invalid" in str(each)]
        assert server.asked == []
        server.token_behaviour = None
        assert (await oauth.exchange("POST", "/thing", json={})).status == 200


async def test_a_token_that_does_not_come_in_time_was_no_call() -> None:
    server = Server()
    server.token_behaviour = peer.hangs
    async with speaking(server, token_seconds=0.1) as oauth:
        with pytest.raises(NeverSent, match="no access token within"):
            await oauth.exchange("POST", "/thing", json={})


async def test_what_happens_to_the_call_itself_stays_in_doubt() -> None:
    server = Server()

    async def behave(request: Heard, ends: peer.Ends) -> None:
        if request.path == PATH:
            await server.behave(request, ends)
        else:
            await peer.loses_the_answer(request, ends)

    async with peer.listening(behave) as far:
        wire = Wire(far.url)
        oauth = OAuth(wire, token_path=PATH, client_id="client", client_secret=SECRET)
        with pytest.raises(InDoubt):
            await oauth.exchange("POST", "/thing", json={})
        await wire.aclose()


async def test_neither_the_secret_nor_the_token_stands_in_a_repr() -> None:
    server = Server()
    async with speaking(server) as oauth:
        await oauth.exchange("GET", "/thing")
        shown = f"{oauth!r} {oauth._token!r}"
    assert "token-1" not in shown
    assert SECRET not in shown


async def test_bytes_go_out_as_they_are() -> None:
    server = Server()
    async with speaking(server) as oauth:
        body = b'{ "a" :1,\n"b": 2 }'
        await oauth.exchange(
            "POST", "/thing", headers={"Content-Type": "application/json"}, content=body
        )
    assert server.heard[-1].body == body
    assert server.heard[-1].headers["content-type"] == "application/json"
