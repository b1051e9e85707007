"""Card numbers and IBANs never get in, wherever they are typed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import asyncpg
import httpx
import pytest
import structlog
from fastapi.routing import APIRoute, APIRouter

from api.app import _NOUNS
from tests.api.callers import Caller, intent, slug, without_trace
from tests.domain.test_card_numbers import IDS
from workflows.domain.card_data import has_card_data

INTENTS = "/v1/cashier/intents"
CARD, IBAN = "4111111111111111", "DE89370400440532013000"


@pytest.mark.parametrize(
    "text",
    [
        CARD,
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "card:4111111111111111!",
        "378282246310005",
        "my card 5555 5555 5555 4444 thanks",
        "４１１１１１１１１１１１１１１１",
        "٤١١١١١١١١١١١١١١١",
        "4111\u20101111\u20131111\u00a01111",
        "12 4111111111111111",
        "4111.1111.1111.1111",
        "4111_1111_1111_1111",
        "4111/1111/1111/1111",
        "4111\t1111\n1111\t1111".replace("\n", "\t"),
        "3782.822463.10005",
        "4111\u200b1111\u200b1111\u200b1111",
        "6011111111111117",
        "2223003122003222",
        IBAN,
        "DE89 3704 0044 0532 0130 00",
        "pay GB82WEST12345698765432 now",
        "de89370400440532013000",
        "AB12 xx DE89 3704 0044 0532 0130 00",
    ],
)
def test_a_card_number_or_iban_is_recognised(text: str) -> None:
    assert has_card_data(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "4111", "4111111111111112", "1763982000000", "2026-11-24T11:13:49.123456+00:00",
        "00000000-0000-0000-0000-000000000000", "DE89370400440532013001", "player-123456789012",
        "https://casino.example/cashier?x=1234567890", "2026.11.24 17.22.01.123", "10.0.12.255",
    ],
)  # fmt: skip
def test_other_text_is_left_alone(text: str) -> None:
    assert not has_card_data(text)


def test_random_ids_are_left_alone() -> None:
    for _ in range(5000):
        made = uuid.uuid4()
        assert not has_card_data(f"in_{made.hex}")
        assert not has_card_data(str(made))


async def test_a_card_number_is_refused_in_any_field(platform: Caller) -> None:
    for body in (
        intent(player_id=CARD),
        intent(payment_token=CARD),
        intent(metadata={"note": f"card {CARD}"}),
        intent(metadata={CARD: "x"}),
        intent(metadata={"iban": IBAN}),
        intent(amount={"amount": int(CARD), "currency": "EUR"}),
        intent(unknown=[{"deep": CARD}]),
        intent(return_url=f"https://casino.example/?card={CARD}"),
    ):
        refused = await platform.post(INTENTS, body)
        assert (refused.status_code, slug(refused)) == (422, "card-data-refused"), body
        assert CARD not in refused.text


@pytest.mark.parametrize("name", ["cvv", "card_cvc", "CVV2", "card-pin", "track.2", "pan"])
async def test_a_field_that_is_named_for_card_data_is_refused(platform: Caller, name: str) -> None:
    refused = await platform.post(INTENTS, intent(metadata={name: "123"}))
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")
    assert "123" not in without_trace(refused)


async def test_escapes_do_not_hide_a_card_number(platform: Caller) -> None:
    escaped = "".join(f"\\u{ord(digit):04x}" for digit in CARD)
    refused = await platform.send(
        INTENTS, json.dumps(intent()).replace("player-1", escaped).encode()
    )
    assert (refused.status_code, slug(refused)) == (422, "card-data-refused")


async def test_a_card_number_is_refused_in_address_and_headers(platform: Caller) -> None:
    for refused in (
        await platform.get(f"/v1/wallet/players/{CARD}"),
        await platform.get(f"{INTENTS}?player_id={CARD}"),
        await platform.get(f"{INTENTS}?note={CARD}"),
        await platform.get(f"{INTENTS}/4111%201111%201111%201111"),
        await platform.post(INTENTS, intent(), key=CARD),
    ):
        assert (refused.status_code, slug(refused)) == (422, "card-data-refused")
    traced = await platform.get(INTENTS, X_Trace_Id=CARD)
    assert (traced.status_code, slug(traced)) == (400, "invalid-trace-id")
    assert CARD not in traced.headers["X-Trace-Id"]


async def test_a_refused_card_number_is_neither_kept_nor_logged(
    platform: Caller, owner: asyncpg.Pool
) -> None:
    with structlog.testing.capture_logs() as logged:
        await platform.post(INTENTS, intent(metadata={"note": CARD}), key="typed-a-card")
        await platform.get(f"/v1/wallet/players/{CARD}")
    assert logged
    assert CARD not in repr(logged)
    assert not await owner.fetch("SELECT 1 FROM idempotency_keys WHERE key = 'typed-a-card'")


async def test_refusals_of_unusual_headers_are_problems(
    http: httpx.AsyncClient, platform: Caller
) -> None:
    for name, value in (("X-Trace-Id", "a b"), ("X-Trace-Id", "x" * 129), ("X-Trace-Id", "")):
        refused = await platform.get(INTENTS, **{name: value})
        assert (refused.status_code, slug(refused)) == (400, "invalid-trace-id")


async def test_nothing_of_a_stranger_is_looked_through(http: httpx.AsyncClient) -> None:
    """Whoever has no credential is told so, whatever the address and the key hold."""
    for refused in (
        await http.get(f"/v1/wallet/players/{CARD}"),
        await http.get(f"{INTENTS}?player_id={CARD}"),
        await http.post(INTENTS, json=intent(player_id=CARD), headers={"X-Idempotency-Key": CARD}),
    ):
        assert (refused.status_code, slug(refused)) == (401, "unauthorized")
        assert CARD not in refused.text
    unknown = await http.get(f"/nowhere/{CARD}")
    assert (unknown.status_code, slug(unknown)) == (404, "not-found")
    assert CARD not in unknown.text


def routes_of(router: APIRouter) -> Iterator[APIRoute]:
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from routes_of(vars(route)["original_router"])


def test_a_body_is_read_after_the_caller_is_known_and_by_our_reader_alone() -> None:
    """Dependencies are asked in their order."""
    reading = 0
    for route in (route for noun in _NOUNS for route in routes_of(noun.router)):
        asked = [getattr(one.call, "__qualname__", "") for one in route.dependant.dependencies]
        readers = [place for place, name in enumerate(asked) if name.startswith("_reader.")]
        doors = [place for place, name in enumerate(asked) if name.startswith("writing.")]
        reading += bool(readers)
        assert route.body_field is None, f"{route.path}: its router's route_class is not Endpoint"
        assert not readers or doors[0] < readers[0], route.path
    assert reading > 20


SHAPES = ("day and 8 digits", "snowflake of Twitter", "mobile of Germany")


async def test_a_player_with_an_id_of_the_field_can_deposit(
    platform: Caller, running: object
) -> None:
    for shape in SHAPES:
        for _ in range(25):
            an_id = IDS[shape]()
            opened = await platform.post(
                INTENTS,
                intent(player_id=an_id, metadata={"order": an_id, f"ref.{an_id}": "x"}),
                key=an_id,
                X_Trace_Id=an_id,
            )
            assert opened.status_code == 201, (shape, opened.text)
            assert opened.headers["X-Trace-Id"] == an_id


async def test_a_number_that_is_called_a_card_is_refused_whatever_its_length(
    platform: Caller,
) -> None:
    long = "4000000000000000006"
    refused = await platform.post(INTENTS, intent(metadata={"card_number": long}))
    assert (refused.status_code, slug(refused)) == (422, "card-data-refused")
