"""Hostile input: each is refused with what is allowed, none is coerced, none is a 500."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.http.bodies import parse
from api.http.errors import Problem
from tests.api.callers import Caller, intent, money, slug

INTENTS = "/v1/cashier/intents"


def raw(**changes: Any) -> bytes:
    return json.dumps(intent(**changes)).encode()


def with_amount(written: str, currency: str = "EUR") -> bytes:
    """The amount as it is written, quoted or not."""
    marked = raw(amount={"amount": "@", "currency": currency}).decode()
    return marked.replace('"@"', written).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "written",
    [
        "0", "-1", "-0", "0.00", '"0"', '"0.00"', '"-5"', '"-0"', "1000000000000000",
        "9223372036854775808", "1" + "0" * 5000, "1e400", "1e2", "5E0", '"1e3"', "50.001",
        '"50.001"', '" 50 "', '"5_000"', '""', '"+50"', '".5"', '"5."', '"05"', '"٥٠"', '"５０"',
        '"0x32"', '"50,00"', '"50\\n"', "true", "null", "[50]", '{"a": 1}', '"NaN"', '"Infinity"',
    ],
)  # fmt: skip
async def test_what_is_no_amount_is_refused_and_the_rule_is_told(
    platform: Caller, written: str
) -> None:
    refused = await platform.send(INTENTS, with_amount(written))
    assert (refused.status_code, slug(refused)) == (422, "invalid-request"), written
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/amount/amount"]


@pytest.mark.parametrize("written", ["NaN", "Infinity", "-Infinity", "5_000", "0x32", "05", "٥٠"])
async def test_what_is_no_json_number_is_no_json(platform: Caller, written: str) -> None:
    refused = await platform.send(INTENTS, with_amount(written))
    assert (refused.status_code, slug(refused)) == (400, "invalid-json")


@pytest.mark.parametrize(
    ("currency", "amount", "fits"),
    [
        ("JPY", "50", True),
        ("JPY", "50.00", False),
        ("KRW", "0.5", False),
        ("KWD", "1.234", True),
        ("KWD", "1.2345", False),
        ("BHD", "0.001", True),
        ("UYW", "0.0001", True),
        ("UYW", "0.00001", False),
        ("EUR", "0.01", True),
    ],
)
async def test_an_amount_has_at_most_the_places_of_its_currency(
    platform: Caller, running: object, currency: str, amount: str, fits: bool
) -> None:
    response = await platform.post(INTENTS, intent(amount=money(amount, currency)))
    assert response.status_code == (201 if fits else 422)
    if fits:
        assert response.json()["amount"] == money(amount, currency)


async def test_a_json_number_counts_when_it_is_exact(platform: Caller, running: object) -> None:
    for written, currency, shown in (("50", "EUR", "50.00"), ("50.10", "EUR", "50.10"),
                                     ("50.0", "JPY", "50"), ("0.1", "EUR", "0.10")):  # fmt: skip
        response = await platform.send(INTENTS, with_amount(written, currency))
        assert response.json()["amount"] == money(shown, currency)


@pytest.mark.parametrize(
    "currency", ["eur", "Eur", "EUR\n", " EUR", "ＥＵＲ", "XXX", "XAU", "ABC", "", "E", "978"]
)
async def test_a_currency_is_an_upper_case_code_in_use(platform: Caller, currency: str) -> None:
    refused = await platform.post(INTENTS, intent(amount=money("50.00", currency)))
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")
    assert refused.json()["errors"][0]["pointer"] == "/amount/currency"


PROPER = raw()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[" * 60_000, b'{"a":' * 10_000, PROPER + b"x", PROPER + PROPER,
        b"\xef\xbb\xbf" + PROPER, PROPER.decode().encode("utf-16"), b"\xff\xfe{}",
        PROPER.replace(b"player-1", b"player\xc3"), PROPER.replace(b"player-1", b"\\ud800"),
        PROPER.replace(b"player-1", b"a\\u0000b"), PROPER.replace(b"player-1", b"a\x00b"),
        PROPER.replace(b"player-1", b"a\nb"), PROPER.replace(b'"method"', b'"player_id"'),
        PROPER.replace(b'"region"', b'"reg\\ud800"'), b"'a'", b"{a:1}", b"{,}", b"//",
    ],
)  # fmt: skip
async def test_what_is_no_strict_json_is_refused(platform: Caller, body: bytes) -> None:
    refused = await platform.send(INTENTS, body)
    assert (refused.status_code, slug(refused)) == (400, "invalid-json")


@pytest.mark.parametrize("body", [b"1", b"null", b"[]", b'"x"', b"true", b"{}"])
async def test_a_body_is_an_object_with_its_fields(platform: Caller, body: bytes) -> None:
    refused = await platform.send(INTENTS, body)
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")


async def test_unknown_fields_are_refused_and_not_repeated(platform: Caller) -> None:
    for body in (intent(secret_word=1), intent(amount=money("1") | {"secret_word": 1})):
        refused = await platform.post(INTENTS, body)
        assert refused.status_code == 422
        assert "secret_word" not in refused.text


async def test_those_who_send_an_unknown_field_are_told_which_are_known(platform: Caller) -> None:
    refused = await platform.send(INTENTS, raw(expires_in_seconds=5))
    [error] = refused.json()["errors"]
    assert error["pointer"] == ""
    assert {"amount", "method", "authorize"} <= set(
        error["detail"].partition("are ")[2].split(", ")
    )
    refused = await platform.send(INTENTS, raw(amount=money("5.00") | {"cents": 1}))
    [error] = refused.json()["errors"]
    assert error["pointer"] == "/amount"
    assert set(error["detail"].partition("are ")[2].split(", ")) == {"amount", "currency"}


@pytest.mark.parametrize(
    "changes",
    [
        {"player_id": ""}, {"player_id": "a/b"}, {"player_id": "a\r\nb"}, {"player_id": "p" * 65},
        {"player_id": "player-1\n"}, {"player_id": 5}, {"player_id": True}, {"player_id": "ﬁ"},
        {"player_id": "a\u200bb"}, {"player_id": ["x"]}, {"player_id": None},
        {"method": "Card"}, {"method": "1card"}, {"method": "card\n"}, {"method": "c" * 33},
        {"payment_token": "tok ok"}, {"payment_token": ""}, {"payment_token": "t\r\nX: 1"},
        {"capture_method": "AUTOMATIC"}, {"capture_method": 1},
        {"metadata": {"a": 1}}, {"metadata": {"a": None}}, {"metadata": {"a": {}}},
        {"metadata": []}, {"metadata": {"a": "x" * 513}}, {"metadata": {"": "x"}},
        {"metadata": {"a\nb": "x"}}, {"metadata": {str(n): "x" for n in range(31)}},
        {"metadata": {"region": "e\nu"}}, {"metadata": {"brand_id": "ac/me"}},
    ],
)  # fmt: skip
async def test_what_is_no_proper_value_is_refused(
    platform: Caller, changes: dict[str, Any]
) -> None:
    refused = await platform.post(INTENTS, intent(**changes))
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")
    assert all(error["pointer"].startswith("/") for error in refused.json()["errors"])


async def test_metadata_is_kept_exactly(platform: Caller, running: object) -> None:
    kept = {
        "brand_id": "acme",
        "name": "Zoë 👩‍🚀 \u202eRTL\u202c \u200b",
        "sql": "'; DROP TABLE payments; --",
        "html": "<script>alert(1)</script>\r\n",
    }
    opened = (await platform.post(INTENTS, intent(metadata=kept))).json()
    seen = (await platform.get(f"{INTENTS}/{opened['intent_id']}")).json()
    assert seen["metadata"] == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://casino.example/", "https://evil.example/", "https://casino.example.evil.test/",
        "https://user@casino.example/", "https://casino.example@evil.test/", "//casino.example/",
        "javascript:alert(1)", "https://casino.example\\@evil.test/", "https:///x", "",
        "https://casino.example/\r\nX: 1", "https://casino.example:99999/", "https://[::1/",
        "http://169.254.169.254/", "https://notcasino.example/", "https://.casino.example/",
        "ftp://casino.example/", "https://casino.example/" + "x" * 2100,
    ],
)  # fmt: skip
async def test_a_player_is_sent_back_to_allowed_hosts_only(platform: Caller, url: str) -> None:
    refused = await platform.post(INTENTS, intent(return_url=url))
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")
    assert refused.json()["errors"][0]["pointer"] == "/return_url"


async def test_allowed_hosts_have_subdomains_and_laptops(platform: Caller, running: object) -> None:
    for url in ("https://eu.casino.example/x?y=1#z", "http://localhost:3000/", "https://localhost"):
        assert (await platform.post(INTENTS, intent(return_url=url))).status_code == 201, url


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "", "application/json; charset=latin-1"]
)
async def test_only_json_is_taken(platform: Caller, content_type: str) -> None:
    refused = await platform.send(INTENTS, PROPER, content_type)
    assert (refused.status_code, slug(refused)) == (415, "unsupported-media-type")


async def test_a_body_beyond_the_limit_is_not_read(
    platform: Caller, http: httpx.AsyncClient
) -> None:
    refused = await platform.send(INTENTS, b" " * 65537)
    assert (refused.status_code, slug(refused)) == (413, "body-too-large")

    async def endless() -> Any:
        while True:
            yield b" " * 1024

    headers = platform._headers({"Content-Type": "application/json", "X-Idempotency-Key": "k"})
    chunked = await http.post(INTENTS, content=endless(), headers=headers)
    assert (chunked.status_code, slug(chunked)) == (413, "body-too-large")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=x", "limit=1e1", "cursor=x", "cursor=%00", "cursor=4pyT",
        "cursor=MjAyNg==", "player_id=a/b", "player_id=%00", "status=nope", "status=%0a",
        "created_from=yesterday", "created_from=2030-13-01T00:00:00Z", "created_from=1700000000",
        "created_from=2030-01-01T00:00:00", "created_to=9999-12-31T23:59:59-23:59",
    ],
)  # fmt: skip
async def test_a_bad_filter_is_refused(platform: Caller, query: str) -> None:
    refused = await platform.get(f"{INTENTS}?{query}")
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")


@pytest.mark.parametrize("an_id", ["x", "%00", "in_%0a", "in_" + "g" * 32, "po_" + "0" * 32, "%ff"])
async def test_an_id_that_is_none_of_ours_does_not_exist(platform: Caller, an_id: str) -> None:
    for response in (
        await platform.get(f"{INTENTS}/{an_id}"),
        await platform.get(f"{INTENTS}/{an_id}/events"),
        await platform.post(f"{INTENTS}/{an_id}/authorize"),
        await platform.post(f"/v1/cashier/captures/{an_id}/refunds"),
    ):
        assert (response.status_code, slug(response)) == (404, "not-found")


# --- any value, anywhere ----------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
WRITES = [
    (INTENTS, ("player_id", "amount", "method", "return_url", "payment_token", "metadata")),
    ("/v1/cashier/payouts", ("player_id", "amount", "method", "destination", "metadata")),
    ("/payments/init", ("amount", "currency", "customerId", "returnUrl", "brandId")),
]
FUZZ = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@FUZZ
@given(choices=st.data())
def test_a_body_is_taken_or_refused_whatever_it_is(choices: st.DataObject) -> None:
    written = choices.draw(st.binary(max_size=200) | ANYTHING.map(as_json))
    try:
        parse(written)
    except Problem as refused:
        assert refused.status in (400, 422)


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(("path", "fields"), WRITES)
async def test_no_value_of_any_field_is_an_error_of_ours(
    platform: Caller, app: FastAPI, path: str, fields: tuple[str, ...]
) -> None:
    drawn: list[dict[str, Any]] = []

    @FUZZ
    @given(body=st.fixed_dictionaries({}, optional=dict.fromkeys(fields, ANYTHING)))
    def draw(body: dict[str, Any]) -> None:
        drawn.append(body)

    draw()
    for body in drawn:
        response = await platform.send(path, json.dumps(body).encode())
        assert 400 <= response.status_code < 500, (body, response.text)
        slug(response)
