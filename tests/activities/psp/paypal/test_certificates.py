"""PayPal's signing certificates: from where, how often, and by what they are believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from activities.psp.contract import WebhookRefused
from activities.psp.plugins.paypal.certification import signing as signing
from activities.psp.plugins.paypal.x509 import (
    FETCHES_A_MINUTE,
    KEPT,
    Certificates,
    FromTheirPlaces,
    _authorities,
    host_of,
)
from activities.psp.wire import Answer, InDoubt, NeverSent, WireError

URL = signing.CERT_URL
NOW = datetime(2026, 11, 24, tzinfo=UTC)

ELSEWHERE = [
    "http://api.paypal.com/v1/notifications/certs/CERT-1",
    "https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1",
    "https://evil.example/v1/notifications/certs/CERT-1",
    "https://www.paypal.com/v1/notifications/certs/CERT-1",
    "https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1",
    "https://user@api.paypal.com/v1/notifications/certs/CERT-1",
    "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
    "https://api.paypal.com/v1/notifications/certs/",
    "https://api.paypal.com/v1/notifications/certs/../../../v1/oauth2/token",
    "https://api.paypal.com/v1/notifications/certs/%2e%2e",
    "https://api.paypal.com/v1/notifications/certs/CERT-1?x=1",
    "https://api.paypal.com/v1/notifications/certs/CERT-1#x",
    "https://api.paypal.com/v1/notifications/certs/a/b",
    "https://api.paypal.com/v2/notifications/certs/CERT-1",
    "https://API.paypal.com/v1/notifications/certs/CERT-1",
    " https://api.paypal.com/v1/notifications/certs/CERT-1",
    "https://api.paypal.com/v1/notifications/certs/CERT-1\n",
    "https://127.0.0.1/v1/notifications/certs/CERT-1",
]


class Place:
    """Where certificates lie: what is there, and how often it was asked."""

    def __init__(self, answer: Answer | WireError) -> None:
        self._answer = answer
        self.asked: list[str] = []

    async def __call__(self, url: str) -> Answer:
        self.asked.append(url)
        await asyncio.sleep(0.01)
        if isinstance(self._answer, WireError):
            raise self._answer
        return self._answer


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def place(pem: bytes, status: int = 200) -> Place:
    return Place(Answer(status, {}, pem))


@pytest.fixture(scope="module")
def ca() -> signing.Issued:
    return signing.authority("An Authority")


@pytest.fixture(scope="module")
def ca_file(ca: signing.Issued, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_bytes(ca.pem)
    return path


async def refusal(shelf: Certificates, now: datetime = NOW) -> tuple[str, int]:
    with pytest.raises(WebhookRefused) as refused:
        await shelf.key(URL, now)
    return refused.value.rule, refused.value.status


@pytest.mark.parametrize("url", ELSEWHERE)
async def test_nothing_but_paypals_own_place_is_ever_asked(url: str) -> None:
    assert host_of(url) is None
    with pytest.raises(WebhookRefused, match="certificate_url"):
        await FromTheirPlaces()(url)


@pytest.mark.parametrize(
    "host",
    ["api.paypal.com", "api-m.paypal.com", "api.sandbox.paypal.com", "api-m.sandbox.paypal.com"],
)
def test_paypals_places_are_four(host: str) -> None:
    assert host_of(f"https://{host}/v1/notifications/certs/CERT-360caa42-fca2a594") == host


async def test_a_right_chain_gives_its_key(ca: signing.Issued, ca_file: Path) -> None:
    leaf = signing.leaf(ca)
    key = await Certificates(place(leaf.pem + ca.pem), ca_file).key(URL, NOW)
    assert key.public_numbers() == leaf.key.public_key().public_numbers()


async def test_it_is_fetched_once_however_many_ask(ca: signing.Issued, ca_file: Path) -> None:
    source = place(signing.leaf(ca).pem)
    shelf = Certificates(source, ca_file)
    keys = await asyncio.gather(*(shelf.key(URL, NOW) for _ in range(20)))
    assert all(isinstance(key, RSAPublicKey) for key in keys)
    await shelf.key(URL, NOW)
    assert len(source.asked) == 1


async def test_only_so_many_are_kept(ca: signing.Issued, ca_file: Path) -> None:
    source = place(signing.leaf(ca).pem)
    shelf = Certificates(source, ca_file)
    for number in range(KEPT + 1):
        await shelf.key(f"{URL}{number}", NOW)
    await shelf.key(f"{URL}{KEPT}", NOW)
    assert len(source.asked) == KEPT + 1
    await shelf.key(f"{URL}0", NOW)
    assert len(source.asked) == KEPT + 2


async def test_made_up_addresses_do_not_make_us_ask_without_end(ca_file: Path) -> None:
    source, clock = place(b"", status=404), Clock()
    shelf = Certificates(source, ca_file, clock)
    for _ in range(FETCHES_A_MINUTE):
        assert await refusal(shelf) == ("certificate_unknown", 401)
    assert await refusal(shelf) == ("certificate_unavailable", 503)
    assert len(source.asked) == FETCHES_A_MINUTE
    clock.now = 61
    assert await refusal(shelf) == ("certificate_unknown", 401)


@pytest.mark.parametrize(
    "answer",
    [NeverSent("no connection"), InDoubt("too large"), Answer(500, {}, b""), Answer(429, {}, b"")],
    ids=["unreachable", "oversized", "500", "429"],
)
async def test_when_it_cannot_be_fetched_paypal_shall_send_again(
    answer: Answer | WireError, ca_file: Path
) -> None:
    assert await refusal(Certificates(Place(answer), ca_file)) == ("certificate_unavailable", 503)


@pytest.mark.parametrize("status", [301, 302, 307, 403, 404])
async def test_a_redirect_is_not_followed(status: int, ca_file: Path) -> None:
    shelf = Certificates(Place(Answer(status, {"location": "https://evil.example"}, b"")), ca_file)
    assert await refusal(shelf) == ("certificate_unknown", 401)


async def test_after_a_failure_it_is_fetched_again(ca: signing.Issued, ca_file: Path) -> None:
    source = Place(NeverSent("no connection"))
    shelf = Certificates(source, ca_file)
    await refusal(shelf)
    source._answer = Answer(200, {}, signing.leaf(ca).pem)
    assert await shelf.key(URL, NOW)


def _of_a_stranger(_: signing.Issued) -> bytes:
    stranger = signing.authority("A Stranger")
    return signing.leaf(stranger).pem + stranger.pem


def _of_a_leaf(ca: signing.Issued) -> bytes:
    own = signing.leaf(ca)
    return signing.leaf(own).pem + own.pem


WRONG_CHAINS: dict[str, Callable[[signing.Issued], bytes]] = {
    "no certificate": lambda _: b"<html>",
    "empty": lambda _: b"",
    "another authority": _of_a_stranger,
    "the authority itself": lambda ca: ca.pem,
    "signed by a leaf": _of_a_leaf,
    "another subject": lambda ca: signing.leaf(ca, "api.paypal.com.evil.example").pem,
    "no dot before it": lambda ca: signing.leaf(ca, "notpaypal.com").pem,
    "a wildcard": lambda ca: signing.leaf(ca, "*.paypal.com").pem,
    "a short key": lambda ca: signing.leaf(ca, key=signing.new_key(1024)).pem,
    "expired": lambda ca: signing.leaf(ca, until=NOW - timedelta(days=1)).pem,
    "not yet": lambda ca: signing.leaf(ca, since=NOW + timedelta(days=1)).pem,
}


@pytest.mark.parametrize("name", WRONG_CHAINS)
async def test_a_chain_that_is_wrong_is_not_believed(
    name: str, ca: signing.Issued, ca_file: Path
) -> None:
    shelf = Certificates(place(WRONG_CHAINS[name](ca)), ca_file)
    assert await refusal(shelf) == ("certificate", 401)


async def test_without_an_authority_of_ours_those_of_tls_are_believed(ca: signing.Issued) -> None:
    shelf = Certificates(place(signing.leaf(ca).pem + ca.pem), None)
    assert await refusal(shelf) == ("certificate", 401)
    assert len(_authorities()) > 50


async def test_a_kept_certificate_ends_with_its_time(ca: signing.Issued, ca_file: Path) -> None:
    source = place(signing.leaf(ca, until=NOW + timedelta(days=1)).pem)
    shelf = Certificates(source, ca_file)
    await shelf.key(URL, NOW)
    assert await refusal(shelf, NOW + timedelta(days=2)) == ("certificate_expired", 401)
    # It is fetched anew then: PayPal may have renewed it in the same place.
    assert await refusal(shelf, NOW + timedelta(days=2)) == ("certificate", 401)
    assert len(source.asked) == 2
