"""A caller's address is its own, unless a proxy of ours says another."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import ValidationError

from activities.settings import Settings
from api.app import create_app
from api.http.sources import is_over_tls, source_of
from infra.settings import Api
from workflows.domain.card_data import has_card_data

OURS = ["10.0.0.0/8", "192.0.2.7", "fd00::/8"]
PEER, STRANGER = "10.0.0.9", "203.0.113.5"
XFF, FORWARDED = "x-forwarded-for", "forwarded"


def app_behind(settings: Settings, proxies: Sequence[str], header: str) -> FastAPI:
    at = Api.model_validate({"trusted_proxies": proxies, "forwarded_header": header})
    return create_app(settings.model_copy(update={"api": at}))


def request_to(app: FastAPI, peer: str | None, *headers: tuple[str, str]) -> Request:
    return Request(
        {
            "type": "http",
            "app": app,
            "scheme": "http",
            "client": (peer, 40_000) if peer else None,
            "headers": [(name.encode(), text.encode("latin-1")) for name, text in headers],
        }
    )


@pytest.mark.parametrize(
    ("peer", "headers", "source"),
    [
        (STRANGER, [], STRANGER),
        (STRANGER, [(XFF, "198.51.100.1")], STRANGER),
        (PEER, [], PEER),
        (PEER, [(XFF, "198.51.100.1")], "198.51.100.1"),
        (PEER, [(XFF, "1.1.1.1, 198.51.100.1")], "198.51.100.1"),
        (PEER, [(XFF, "1.1.1.1"), (XFF, "198.51.100.1")], "198.51.100.1"),
        (PEER, [(XFF, "1.1.1.1, 198.51.100.1, 10.1.1.1,192.0.2.7")], "198.51.100.1"),
        (PEER, [(XFF, "10.3.3.3, 10.2.2.2")], "10.3.3.3"),
        (PEER, [(XFF, "198.51.100.1:4711")], "198.51.100.1"),
        (PEER, [(XFF, "[2001:db8::1]:80")], "2001:db8::1"),
        (PEER, [(XFF, "2001:DB8:0:0:0:0:0:1")], "2001:db8::1"),
        (PEER, [(XFF, "::ffff:198.51.100.1")], "198.51.100.1"),
        ("::ffff:10.0.0.9", [(XFF, "198.51.100.1")], "198.51.100.1"),
        ("fd00::1", [(XFF, "198.51.100.1")], "198.51.100.1"),
        (PEER, [(XFF, "")], PEER),
        (PEER, [(XFF, "unknown")], PEER),
        (PEER, [(XFF, "198.51.100.1, nonsense")], PEER),
        (PEER, [(XFF, "198.51.100.1,")], PEER),
        (PEER, [(XFF, "fe80::1%4111111111111111")], PEER),
        (PEER, [(XFF, "4111111111111111")], PEER),
        (PEER, [(XFF, "4111:1111:1111:1111::")], PEER),
        (PEER, [(XFF, "2223:31:2200:3222::")], "2223:31:2200:3222::"),
        (PEER, [(XFF, "x" * 9000)], PEER),
        (PEER, [(FORWARDED, "for=198.51.100.1")], PEER),
        (None, [(XFF, "198.51.100.1")], None),
        ("testclient", [(XFF, "198.51.100.1")], None),
    ],
)
def test_the_source_is_the_rightmost_address_that_is_no_proxy_of_ours(
    settings: Settings, peer: str | None, headers: list[tuple[str, str]], source: str | None
) -> None:
    assert source_of(request_to(app_behind(settings, OURS, XFF), peer, *headers)) == source


@pytest.mark.parametrize(
    ("header", "source"),
    [
        ("for=198.51.100.1", "198.51.100.1"),
        ("for=1.1.1.1, For=198.51.100.1;proto=https;by=10.0.0.1", "198.51.100.1"),
        ('proto=http;for="[2001:db8::1]:4711"', "2001:db8::1"),
        ("for=198.51.100.1, for=10.1.1.1", "198.51.100.1"),
        ("for=unknown", PEER),
        ("for=_hidden", PEER),
        ("by=198.51.100.1", PEER),
        ("", PEER),
    ],
)
def test_a_proxy_that_speaks_rfc_7239_is_understood(
    settings: Settings, header: str, source: str
) -> None:
    app = app_behind(settings, OURS, FORWARDED)
    forged = (XFF, "1.1.1.1")
    assert source_of(request_to(app, PEER, (FORWARDED, header), forged)) == source


def test_without_named_proxies_nobody_is_believed(settings: Settings) -> None:
    for header, peer in itertools.product((XFF, FORWARDED), ("127.0.0.1", PEER, "::1")):
        app = app_behind(settings, [], header)
        headers = [(XFF, "198.51.100.1"), (FORWARDED, "for=198.51.100.1;proto=https"),
                ("x-forwarded-proto", "https"), ("x-real-ip", "198.51.100.1")]  # fmt: skip
        request = request_to(app, peer, *headers)
        assert source_of(request) == peer
        assert not is_over_tls(request)


def test_however_long_the_list_only_its_end_is_looked_at(settings: Settings) -> None:
    app = app_behind(settings, OURS, XFF)
    long = ",".join(["198.51.100.1", *["10.1.1.1"] * 1000])
    assert source_of(request_to(app, PEER, (XFF, long))) == "10.1.1.1"


def test_an_address_that_would_pass_for_a_card_number_is_not_kept(settings: Settings) -> None:
    app = app_behind(settings, OURS, XFF)
    hop = "5555:5555:5555:4444::1"
    assert has_card_data(hop)
    assert source_of(request_to(app, PEER, (XFF, hop))) == PEER


@pytest.mark.parametrize("wrong", [["0.0.0.0/0"], ["::/0"], ["10.0.0.1/8"], ["proxy.example"]])
def test_a_proxy_is_named_by_its_network(wrong: list[str]) -> None:
    with pytest.raises(ValidationError):
        Api.model_validate({"trusted_proxies": wrong})


@pytest.mark.parametrize(
    ("header", "headers", "secure"),
    [
        (XFF, [("x-forwarded-proto", "https")], True),
        (XFF, [("x-forwarded-proto", "http")], False),
        (XFF, [(FORWARDED, "proto=https")], False),
        (FORWARDED, [(FORWARDED, "for=1.1.1.1;proto=https")], True),
        (FORWARDED, [(FORWARDED, "proto=https, proto=http")], False),
    ],
)
async def test_behind_tls_a_browser_is_told_to_stay_there(
    settings: Settings, header: str, headers: list[tuple[str, str]], secure: bool
) -> None:
    app = app_behind(settings, OURS, header)
    for peer, expected in ((PEER, secure), (STRANGER, False)):
        transport = httpx.ASGITransport(app, client=(peer, 40_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            for path in ("/docs", "/nowhere", "/healthz"):
                answer = await client.get(path, headers=headers)
                assert ("strict-transport-security" in answer.headers) is expected, json.dumps(path)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://api") as client:
        assert "strict-transport-security" in (await client.get("/docs")).headers
