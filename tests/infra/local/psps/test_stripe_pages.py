"""Checkout: the page takes the payment, may be tried again, and ends."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.infra.local.psps.stripe_caller import BACK, Caller, fresh

PRICE = "line_items[0][price_data]"


async def opened(merchant: Caller, *, key: str | None = None, **form: str) -> Any:
    asked = {
        "mode": "payment",
        "success_url": BACK,
        "cancel_url": BACK,
        "payment_method_types[0]": "card",
        f"{PRICE}[currency]": "eur",
        f"{PRICE}[unit_amount]": "5010",
        f"{PRICE}[product_data][name]": "Deposit",
        "line_items[0][quantity]": "1",
        "payment_intent_data[capture_method]": "manual",
        "payment_intent_data[metadata][order]": "7",
        **form,
    }
    answer = await merchant.post("/checkout/sessions", key=key or fresh(), **asked)
    return answer.json() if answer.is_success else answer


async def read(merchant: Caller, session: dict[str, Any]) -> Any:
    path = f"/checkout/sessions/{session['id']}"
    return (await merchant.get(path, **{"expand[]": "payment_intent.latest_charge"})).json()


async def test_a_page_that_is_paid_holds_the_money_and_is_complete(merchant: Caller) -> None:
    key = fresh()
    session = await opened(merchant, key=key)
    assert (session["status"], session["payment_intent"]) == ("open", None)
    assert await merchant.at.psp.answer(session["url"], "approve") == BACK
    seen = await read(merchant, session)
    assert (seen["status"], seen["url"]) == ("complete", None)
    paid = seen["payment_intent"]
    assert (paid["status"], paid["metadata"]) == ("requires_capture", {"order": "7"})
    assert paid["latest_charge"]["captured"] is False
    assert await merchant.at.psp.story(key) == ["authorization 50.10 EUR approved at primary"]
    heard = await merchant.events(session["id"], 1)
    assert [each["type"] for each in heard] == ["checkout.session.completed"]


async def test_after_a_no_the_player_may_try_again_on_the_same_page(merchant: Caller) -> None:
    session = await opened(merchant)
    back = await merchant.at.psp.answer(session["url"], "approve", card="pm_card_radarBlock")
    assert back == session["url"]
    tried = await read(merchant, session)
    assert tried["status"] == "open"
    assert tried["payment_intent"]["status"] == "requires_payment_method"
    assert await merchant.at.psp.answer(session["url"], "approve") == BACK
    paid = await read(merchant, session)
    assert paid["payment_intent"]["id"] == tried["payment_intent"]["id"]
    assert paid["status"] == "complete"


async def test_a_challenge_belongs_to_the_page(merchant: Caller) -> None:
    session = await opened(merchant)
    challenged = "pm_card_threeDSecure2Required"
    there = await merchant.at.psp.answer(session["url"], "approve", card=challenged)
    assert (await read(merchant, session))["status"] == "open"
    assert await merchant.at.psp.answer(there, "approve") == BACK
    assert (await read(merchant, session))["status"] == "complete"


async def test_who_leaves_the_page_has_paid_nothing(merchant: Caller) -> None:
    session = await opened(merchant)
    assert await merchant.at.psp.answer(session["url"], "cancel") == BACK
    assert (await read(merchant, session))["status"] == "open"


async def test_a_page_that_is_expired_takes_no_payment(merchant: Caller) -> None:
    session = await opened(merchant)
    path = f"/checkout/sessions/{session['id']}/expire"
    assert (await merchant.post(path)).json()["status"] == "expired"
    page = await merchant.at.http.get(session["url"])
    assert "expired" in page.text
    await merchant.at.http.post(session["url"], data={"action": "approve"})
    assert (await read(merchant, session))["payment_intent"] is None
    assert (await merchant.post(path)).status_code == 400


async def test_a_payment_of_an_open_page_is_not_canceled_but_the_page_expired(
    merchant: Caller,
) -> None:
    session = await opened(merchant)
    await merchant.at.psp.answer(session["url"], "decline")
    made = (await read(merchant, session))["payment_intent"]["id"]
    refused = await merchant.post(f"/payment_intents/{made}/cancel")
    assert refused.json()["error"]["code"] == "payment_intent_unexpected_state"
    await merchant.post(f"/checkout/sessions/{session['id']}/expire")
    gone = (await merchant.get(f"/payment_intents/{made}")).json()
    assert (gone["status"], gone["cancellation_reason"]) == ("canceled", "expired")


async def test_a_method_without_holds_is_taken_at_once_and_cannot_be_held(
    merchant: Caller,
) -> None:
    ideal = {"payment_method_types[0]": "ideal"}
    refused = await opened(merchant, **ideal)
    assert refused.status_code == 400
    session = await opened(
        merchant, **ideal, **{"payment_intent_data[capture_method]": "automatic"}
    )
    await merchant.at.psp.answer(session["url"], "approve")
    paid = await read(merchant, session)
    assert (paid["payment_status"], paid["payment_intent"]["status"]) == ("paid", "succeeded")


@pytest.mark.parametrize("seconds", [60, 25 * 3600])
async def test_a_page_lives_for_half_an_hour_to_a_day(merchant: Caller, seconds: int) -> None:
    refused = await opened(merchant, expires_at=str(int(time.time()) + seconds))
    assert refused.json()["error"]["param"] == "expires_at"


async def test_pages_are_listed_by_what_they_are(merchant: Caller) -> None:
    session = await opened(merchant)
    still = (await merchant.get("/checkout/sessions", status="open", limit="100")).json()["data"]
    assert session["id"] in [each["id"] for each in still]
    await merchant.at.psp.answer(session["url"], "approve")
    paid = (await read(merchant, session))["payment_intent"]["id"]
    found = (await merchant.get("/checkout/sessions", payment_intent=paid)).json()["data"]
    assert [each["id"] for each in found] == [session["id"]]


async def test_payment_intents_are_searched_by_their_metadata(merchant: Caller) -> None:
    key = fresh()
    made = (await merchant.authorize(metadata__ours=key)).json()
    query = f"metadata['ours']:'{key}'"
    found = (await merchant.get("/payment_intents/search", query=query)).json()
    assert [each["id"] for each in found["data"]] == [made["id"]]
    wrong = await merchant.get("/payment_intents/search", query="status:'succeeded'")
    assert wrong.status_code == 400
