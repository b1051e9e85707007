"""What a player's front end does: watch the stream, send the player to the PSP's page and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from infra.local.demo.cashier import BRAND, RETURN_URL, Cashier
from infra.local.demo.sandbox import SandboxPsp
from infra.local.stack.chosen_psp import HELD_FIRST


async def versions(cashier: Cashier, intent_id: str, **headers: str) -> list[Mapping[str, Any]]:
    """All that the stream says until it ends by itself."""
    path = f"/v1/cashier/intents/{intent_id}/events"
    who = {"Authorization": f"Bearer {cashier.tokens['platform']}", **headers}
    async with cashier.api.stream("GET", path, headers=who) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = [line async for line in stream.aiter_lines()]
    return [json.loads(line.removeprefix("data:")) for line in lines if line.startswith("data:")]


async def test_the_stream_tells_every_version_of_a_deposit_and_ends_with_it(
    cashier: Cashier, psp: SandboxPsp
) -> None:
    intent_id = await cashier.open("kate", "18.40 EUR", "tok_3ds")
    deposit = await cashier.tell(intent_id, "authorize")
    await psp.answer(deposit["redirect_url"], "approve")
    seen = await versions(cashier, intent_id)
    assert [each["version"] for each in seen] == list(range(1, len(seen) + 1))
    assert [each["status"] for each in seen] == ["INITIATED", "REQUIRES_ACTION", "CAPTURED"]
    assert [each["final"] for each in seen] == [False, False, True]
    assert seen[1]["redirect_url"] == deposit["redirect_url"]
    assert seen[-1]["captured"] == {"amount": "18.40", "currency": "EUR"}
    resumed = await versions(cashier, intent_id, **{"Last-Event-ID": "2"})
    assert [each["version"] for each in resumed] == [3]


async def test_one_call_sends_the_player_to_the_psps_page_where_a_card_is_chosen(
    cashier: Cashier, psp: SandboxPsp
) -> None:
    body = {
        "amount": "27.95",
        "currency": "EUR",
        "customerId": "liam",
        "returnUrl": RETURN_URL,
        "brandId": BRAND,
    }
    opened = await cashier.ask("/payments/init", body)
    assert (opened.status, opened.body["status"]) == (201, "REQUIRES_ACTION")
    assert opened.headers["location"] == opened.body["redirect_url"]
    back = urlsplit(await psp.answer(opened.body["redirect_url"], "approve", card="ok"))
    assert f"{back.scheme}://{back.netloc}{back.path}" == RETURN_URL
    assert parse_qs(back.query)["result"] == ["approved"]
    seen = await cashier.final_intent(opened.body["intent_id"])
    assert seen["status"] == "CAPTURED"
    assert await cashier.wallet("liam", "EUR") == "27.95 EUR"


async def test_a_player_who_cancels_on_the_page_is_not_charged(
    cashier: Cashier, psp: SandboxPsp
) -> None:
    intent_id = await cashier.open("mona", "61.00 EUR", "tok_3ds")
    deposit = await cashier.tell(intent_id, "authorize")
    await psp.answer(deposit["redirect_url"], "cancel")
    seen = await cashier.final_intent(intent_id)
    assert (seen["status"], seen["captured"]) == ("FAILED", None)
    assert seen["decline"]["code"] == "cancelled_by_player"


async def test_a_player_who_closes_the_tab_is_given_up_by_cancel_and_nothing_stays_held(
    cashier: Cashier, psp: SandboxPsp
) -> None:
    intent_id = await cashier.open("nils", "62.10 EUR", "tok_3ds")
    await cashier.tell(intent_id, "authorize")
    await cashier.tell(intent_id, "cancel")
    seen = await cashier.final_intent(intent_id)
    assert seen["status"] == "CANCELLED"
    assert not any(
        "approved" in done and "authorization" in done for done in await psp.story(intent_id)
    )


async def test_a_result_that_is_promised_for_later_comes_by_webhook(
    cashier: Cashier, psp: SandboxPsp
) -> None:
    seen = await cashier.deposit("olga", "23.60 EUR", "tok_async")
    assert seen["status"] == "CAPTURED"


async def test_an_authorization_lost_on_the_wire_is_looked_up_and_not_repeated(
    cashier: Cashier, psp: SandboxPsp
) -> None:
    seen = await cashier.deposit("pia", "24.70 EUR", "tok_lost_authorize")
    assert seen["status"] == "CAPTURED"
    assert await psp.story(seen["intent_id"]) == [
        "authorization 24.70 EUR approved at primary",
        "capture 24.70 EUR approved at primary",
    ]


@pytest.mark.parametrize("method", ["card", *HELD_FIRST])
async def test_a_capture_or_a_sale_lost_on_the_wire_is_looked_up_and_not_repeated(
    cashier: Cashier, psp: SandboxPsp, method: str
) -> None:
    seen = await cashier.deposit(f"quinn-{method}", "25.80 EUR", "tok_lost_capture", method=method)
    assert seen["status"] == "CAPTURED"
    assert await psp.story(seen["intent_id"]) == [
        "authorization 25.80 EUR approved at primary",
        "capture 25.80 EUR approved at primary",
    ]
