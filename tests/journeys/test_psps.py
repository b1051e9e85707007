"""The three flows through our API with every PSP that has a lookalike, in its own dialect.

The demo's stories, and what else a PSP must do for us; each PSP on a stack of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from infra.local.demo import stories
from infra.local.demo.cashier import BRAND, RETURN_URL, Cashier
from infra.local.demo.cast import Cast
from infra.local.demo.expecting import NotWith
from infra.local.demo.money import amount_of
from infra.local.demo.stories import STORIES, Story
from tests.journeys.theatre import Theatre


def cannot_be_played(cast: Cast) -> set[Callable[[Cashier], Awaitable[Any]]]:
    absent: set[Callable[[Cashier], Awaitable[Any]]] = set()
    if cast.page_field is not None:
        absent |= {stories.challenge_on_the_hosted_page}
    if cast.destinations is None:
        absent |= {stories.small_payout_settled, stories.large_payout_by_four_eyes}
    return absent


@pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story.number))
async def test_a_story_of_the_demo_ends_as_told_or_the_psp_cannot_play_it(
    counter: Cashier, story: Story
) -> None:
    try:
        await story.play(counter)
        absent = False
    except NotWith:
        absent = True
    assert absent == (story.play in cannot_be_played(counter.cast))


async def test_one_call_sends_the_player_to_the_psps_page_where_it_is_paid(
    theatre: Theatre, counter: Cashier
) -> None:
    body = {
        "amount": "27.95",
        "currency": "EUR",
        "customerId": "liam",
        "returnUrl": RETURN_URL,
        "brandId": BRAND,
    }
    opened = await counter.ask("/payments/init", body)
    intent_id = opened.body["intent_id"]
    assert opened.body["redirect_url"] is not None
    sent_to = urlsplit(await theatre.at.psp.answer(opened.body["redirect_url"], "approve"))
    await counter.come_back(intent_id, dict(parse_qsl(sent_to.query)))
    assert (await counter.final_intent(intent_id))["status"] == "CAPTURED"
    assert await theatre.story(intent_id) == [
        "authorization 27.95 EUR approved at primary",
        "capture 27.95 EUR approved at primary",
    ]


async def test_a_player_who_cancels_on_the_page_is_not_charged(
    theatre: Theatre, counter: Cashier
) -> None:
    intent_id = await counter.open("mona", "61.00 EUR", counter.cast.tokens.challenge)
    deposit = await counter.authorize(intent_id, "cancel")
    if not deposit["final"]:
        # Where the player could still change their mind, the front end gives it up.
        await counter.ask(f"/v1/cashier/intents/{intent_id}/cancel")
    seen = await counter.final_intent(intent_id)
    assert seen["status"] in ("FAILED", "CANCELLED")
    assert seen["captured"] is None
    assert await counter.wallet("mona", "EUR") == "0.00 EUR"
    assert not any(
        "authorization 61.00 EUR approved" in did for did in await theatre.story(intent_id)
    )


async def test_a_player_who_declines_on_the_page_is_not_charged(
    theatre: Theatre, counter: Cashier
) -> None:
    intent_id = await counter.open("maud", "61.10 EUR", counter.cast.tokens.challenge)
    deposit = await counter.authorize(intent_id, "decline")
    if not deposit["final"]:
        await counter.ask(f"/v1/cashier/intents/{intent_id}/cancel")
    seen = await counter.final_intent(intent_id)
    assert seen["status"] in ("FAILED", "CANCELLED")
    assert await counter.wallet("maud", "EUR") == "0.00 EUR"


async def test_a_player_whose_way_to_pay_is_declined_chooses_another_on_the_same_page(
    theatre: Theatre, counter: Cashier
) -> None:
    tokens = counter.cast.tokens
    if tokens.again is None:
        pytest.skip(f"with {counter.cast.psp} a decline ends the attempt")
    intent_id = await counter.open("wanda", "32.70 EUR", tokens.again)
    deposit = await counter.tell(intent_id, "authorize")
    again = await counter.return_from(deposit, "approve")
    assert (again["status"], again["redirect_url"]) == ("REQUIRES_ACTION", deposit["redirect_url"])
    counter.choose(intent_id, tokens.ok)
    await counter.return_from(again, "approve")
    assert (await counter.final_intent(intent_id))["status"] == "CAPTURED"
    assert await theatre.story(intent_id) == [
        "authorization 32.70 EUR declined at primary",
        "authorization 32.70 EUR approved at primary",
        "capture 32.70 EUR approved at primary",
    ]


async def test_a_hold_is_released_by_a_void(theatre: Theatre, counter: Cashier) -> None:
    intent_id = await counter.open("nora", "62.50 USD", capture_method="manual")
    assert (await counter.authorize(intent_id))["status"] == "AUTHORIZED"
    await counter.tell(intent_id, "void")
    seen = await counter.final_intent(intent_id)
    assert (seen["status"], seen["captured"]) == ("VOIDED", None)
    assert await theatre.story(intent_id) == [
        "authorization 62.50 USD approved at primary",
        "void 62.50 USD approved at primary",
    ]


async def test_an_abandoned_page_is_given_up_by_cancel_and_nothing_stays_held(
    theatre: Theatre, counter: Cashier
) -> None:
    intent_id = await counter.open("olaf", "63.40 EUR", counter.cast.tokens.challenge)
    assert (await counter.tell(intent_id, "authorize"))["status"] == "REQUIRES_ACTION"
    await counter.tell(intent_id, "cancel")
    assert (await counter.final_intent(intent_id))["status"] == "CANCELLED"
    assert not any("authorization" in did for did in await theatre.story(intent_id))


async def test_what_was_paid_out_and_nobody_claimed_comes_back_to_the_player(
    theatre: Theatre, counter: Cashier
) -> None:
    destinations = counter.cast.destinations
    if destinations is None or destinations.returned is None:
        pytest.skip(f"with {counter.cast.psp} no payout comes back unclaimed")
    await counter.deposit("pola", "80.00 EUR")
    payout_id = await counter.pay_out("pola", "30.20 EUR", destinations.returned)
    seen = await counter.final_payout(payout_id)
    assert seen["status"] == "PAYOUT_FAILED"
    assert await counter.wallet("pola", "EUR") == "80.00 EUR"
    assert await counter.wallet("pola", "EUR", "held") == "0.00 EUR"


async def test_a_method_switched_off_lets_payments_under_way_finish_and_begins_none(
    theatre: Theatre, counter: Cashier
) -> None:
    held = await counter.open("rita", "64.60 EUR", capture_method="manual")
    assert (await counter.authorize(held))["status"] == "AUTHORIZED"
    challenged = await counter.open("rita", "10.40 EUR", counter.cast.tokens.challenge)
    at_the_page = await counter.tell(challenged, "authorize")
    await theatre.switch(on=False)
    try:
        refused = await counter.deposit("rita", "65.70 EUR")
        assert (refused["status"], refused["decline"]["reason"]) == ("FAILED", "no_route")
        assert await theatre.story(refused["intent_id"]) == []
        await counter.tell(held, "capture", {"amount": amount_of("64.60 EUR")})
        captured = await counter.final_intent(held)
        assert captured["status"] == "CAPTURED"
        await counter.return_from(at_the_page, "approve")
        assert (await counter.final_intent(challenged))["status"] == "CAPTURED"
        given_back = await counter.refund(captured["capture_id"], "4.60 EUR")
        seen = await counter.final_refund(given_back.body["id"])
        assert seen["status"] == "REFUND_PROCESSED"
    finally:
        await theatre.switch(on=True)
    assert (await counter.deposit("rita", "5.00 EUR"))["status"] == "CAPTURED"
    assert await counter.wallet("rita", "EUR") == "75.40 EUR"


async def test_the_books_agree_with_the_psp_and_the_audit_finds_nothing(theatre: Theatre) -> None:
    await theatre.nothing_is_found()
