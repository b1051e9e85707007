"""A deposit in one call."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.callers import RETURN_URL, Caller, slug
from tests.workflows.world import FakePsp
from workflows.domain.psp import Operation, Pending

INIT = "/payments/init"
PAGE = "https://psp.example/challenge/1"


def wish(**changes: Any) -> dict[str, Any]:
    return {
        "amount": "50.00",
        "currency": "EUR",
        "customerId": "player-1",
        "returnUrl": RETURN_URL,
    } | changes


async def test_the_answer_is_where_to_send_the_player(platform: Caller, psp: FakePsp) -> None:
    psp.will_answer(Operation.AUTHORIZE, Pending("psp-1", PAGE))
    first = await platform.post(INIT, wish(), key="one-shot-1")
    deposit = first.json()
    assert (first.status_code, deposit["status"]) == (201, "REQUIRES_ACTION")
    assert first.headers["Location"] == deposit["redirect_url"] == PAGE
    again = await platform.post(INIT, wish(), key="one-shot-1")
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Location"] == PAGE
    seen = (await platform.get(f"/v1/cashier/intents/{deposit['intent_id']}")).json()
    assert (seen["player_id"], seen["method"]) == ("player-1", "card")


async def test_an_amount_may_be_an_exact_number(platform: Caller, psp: FakePsp) -> None:
    psp.will_answer(Operation.AUTHORIZE, Pending("psp-1", PAGE))
    deposit = (await platform.post(INIT, wish(amount=49.99, brandId="acme"))).json()
    seen = (await platform.get(f"/v1/cashier/intents/{deposit['intent_id']}")).json()
    assert seen["amount"] == {"amount": "49.99", "currency": "EUR"}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"amount": "0"}, "/amount"),
        ({"amount": 0.001}, "/amount"),
        ({"amount": "50.00", "currency": "JPY"}, "/amount"),
        ({"currency": "eur"}, "/currency"),
        ({"customerId": "a/b"}, "/customerId"),
        ({"returnUrl": "https://evil.example/"}, "/return_url"),
        ({"brandId": "a b"}, "/brandId"),
        ({"more": 1}, ""),
    ],
)
async def test_a_wrong_wish_is_refused_where_it_is_wrong(
    platform: Caller, changes: dict[str, Any], pointer: str
) -> None:
    refused = await platform.post(INIT, wish(**changes))
    assert (refused.status_code, slug(refused)) == (422, "invalid-request")
    assert refused.json()["errors"][0]["pointer"] == pointer


async def test_another_brand_does_not_exist(platform: Caller) -> None:
    refused = await platform.post(INIT, wish(brandId="bravo"))
    assert (refused.status_code, slug(refused)) == (404, "not-found")
