"""What goes wrong between us and a PSP: lost answers, webhooks in disorder, a token revoked."""

from __future__ import annotations

import pytest

from infra.local.demo.cashier import Cashier
from tests.journeys.theatre import Theatre

TOLD_OR_NOT = pytest.mark.parametrize("webhooks", ["in_order", "withheld"])
"""Whether the PSP tells by webhook what its lost answer said."""


@TOLD_OR_NOT
async def test_an_authorization_lost_on_the_wire_ends_once_and_truly(
    theatre: Theatre, counter: Cashier, webhooks: str
) -> None:
    await counter.deposit("pia", "1.70 EUR")
    intent_id = await counter.open("pia", "24.70 EUR")
    async with theatre.webhooks(webhooks):
        await theatre.lose_the_next_answer()
        await counter.authorize(intent_id)
    seen = await counter.final_intent(intent_id)
    assert await theatre.no_fault_is_left()
    assert seen["status"] == "CAPTURED"
    assert await theatre.story(intent_id) == [
        "authorization 24.70 EUR approved at primary",
        "capture 24.70 EUR approved at primary",
    ]


async def test_what_is_lost_right_after_the_players_return_is_done_once_and_truly(
    theatre: Theatre, counter: Cashier
) -> None:
    intent_id = await counter.open("pere", "24.80 EUR", counter.cast.tokens.challenge)
    deposit = await counter.tell(intent_id, "authorize")
    back = await counter.press(deposit, "approve")
    await theatre.lose_the_next_answer()
    await counter.come_back(intent_id, back)
    seen = await counter.final_intent(intent_id)
    # A sale that the PSP itself makes of the player's answer is asked for no more.
    assert await theatre.no_fault_is_left() or counter.cast.psp == "stripe"
    await theatre.order_none()
    assert seen["status"] == "CAPTURED"
    assert await theatre.story(intent_id) == [
        "authorization 24.80 EUR approved at primary",
        "capture 24.80 EUR approved at primary",
    ]


@TOLD_OR_NOT
async def test_a_capture_lost_on_the_wire_ends_once_and_truly(
    theatre: Theatre, counter: Cashier, webhooks: str
) -> None:
    intent_id = await counter.open("quinn", "25.80 EUR", capture_method="manual")
    assert (await counter.authorize(intent_id))["status"] == "AUTHORIZED"
    async with theatre.webhooks(webhooks):
        await theatre.lose_the_next_answer()
        await counter.tell(intent_id, "capture")
    seen = await counter.final_intent(intent_id)
    assert await theatre.no_fault_is_left()
    assert seen["status"] == "CAPTURED"
    assert await theatre.story(intent_id) == [
        "authorization 25.80 EUR approved at primary",
        "capture 25.80 EUR approved at primary",
    ]


async def test_a_refund_lost_on_the_wire_is_given_once(theatre: Theatre, counter: Cashier) -> None:
    deposit = await counter.deposit("ralf", "26.90 EUR")
    await theatre.lose_the_next_answer()
    asked = await counter.refund(deposit["capture_id"], "6.90 EUR")
    seen = await counter.final_refund(asked.body["id"])
    assert await theatre.no_fault_is_left()
    assert seen["status"] == "REFUND_PROCESSED"
    assert await theatre.story(seen["id"]) == ["refund 6.90 EUR approved at primary"]
    assert await counter.wallet("ralf", "EUR") == "20.00 EUR"


async def test_a_payout_lost_on_the_wire_is_paid_once(theatre: Theatre, counter: Cashier) -> None:
    destinations = counter.cast.destinations
    if destinations is None:
        pytest.skip(f"{counter.cast.psp} pays no players")
    await counter.deposit("sara", "27.30 EUR")
    await theatre.lose_the_next_answer()
    payout_id = await counter.pay_out("sara", "7.30 EUR", destinations.ok)
    seen = await counter.final_payout(payout_id)
    assert await theatre.no_fault_is_left()
    assert seen["status"] == "PAYOUT_SETTLED"
    assert await theatre.story(payout_id) == ["payout 7.30 EUR approved at primary"]


@pytest.mark.parametrize("mode", ["duplicate", "reordered"])
async def test_webhooks_in_disorder_change_nothing(
    theatre: Theatre, counter: Cashier, mode: str
) -> None:
    player = f"tess-{mode}"
    async with theatre.webhooks(mode):
        deposit = await counter.deposit(player, "28.40 EUR", counter.cast.tokens.challenge)
        asked = await counter.refund(deposit["capture_id"], "8.40 EUR")
        refund = await counter.final_refund(asked.body["id"])
        assert (deposit["status"], refund["status"]) == ("CAPTURED", "REFUND_PROCESSED")
        if counter.cast.destinations is not None:
            payout_id = await counter.pay_out(player, "4.00 EUR", counter.cast.destinations.ok)
            assert (await counter.final_payout(payout_id))["status"] == "PAYOUT_SETTLED"
    assert await theatre.story(deposit["intent_id"]) == [
        "authorization 28.40 EUR approved at primary",
        "capture 28.40 EUR approved at primary",
    ]
    left = "20.00 EUR" if counter.cast.destinations is None else "16.00 EUR"
    assert await counter.wallet(player, "EUR") == left


async def test_a_deposit_whose_webhooks_are_withheld_is_true_in_the_end(
    theatre: Theatre, counter: Cashier
) -> None:
    async with theatre.webhooks("withheld"):
        intent_id = await counter.open("umar", "29.50 EUR", counter.cast.tokens.challenge)
        deposit = await counter.authorize(intent_id)
        # Where the capture is told by webhook alone, nothing is credited before it comes.
        assert deposit["status"] in ("CAPTURED", "PENDING")
        credited = "29.50 EUR" if deposit["status"] == "CAPTURED" else "0.00 EUR"
        assert await counter.wallet("umar", "EUR") == credited
    assert (await counter.final_intent(intent_id))["status"] == "CAPTURED"
    assert await counter.wallet("umar", "EUR") == "29.50 EUR"


async def test_a_refund_and_a_payout_whose_webhooks_are_withheld_are_true_in_the_end(
    theatre: Theatre, counter: Cashier
) -> None:
    deposit = await counter.deposit("ulla", "90.00 EUR")
    payout_id = ""
    async with theatre.webhooks("withheld"):
        refund = await counter.refund(deposit["capture_id"], "10.00 EUR")
        if counter.cast.destinations is not None:
            payout_id = await counter.pay_out("ulla", "30.00 EUR", counter.cast.destinations.ok)
            # Whatever the PSP says at once: what is on its way out cannot be played with.
            assert await counter.wallet("ulla", "EUR") == "50.00 EUR"
    seen = await counter.final_refund(refund.body["id"])
    assert seen["status"] == "REFUND_PROCESSED"
    if payout_id:
        assert (await counter.final_payout(payout_id))["status"] == "PAYOUT_SETTLED"
    left = "50.00 EUR" if payout_id else "80.00 EUR"
    assert await counter.wallet("ulla", "EUR") == left
    assert await counter.wallet("ulla", "EUR", "held") == "0.00 EUR"


async def test_a_token_revoked_in_mid_flow_is_renewed_and_no_payment_fails(
    theatre: Theatre, counter: Cashier
) -> None:
    known = await theatre.at.psp.http.get("/_control/tokens")
    if known.status_code == 404:
        pytest.skip(f"{counter.cast.psp} issues no tokens to us: its keys are for good")
    intent_id = await counter.open("vito", "31.60 EUR", capture_method="manual")
    deposit = await counter.tell(intent_id, "authorize")
    before = len((await theatre.at.psp.http.get("/_control/tokens")).json()["tokens"])
    for step in ("complete", "capture"):
        assert (await theatre.order("tokens/revoke"))["revoked"] >= 1
        if step == "complete":
            deposit = await counter.return_from(deposit, "approve")
        else:
            deposit = await counter.tell(intent_id, "capture")
    seen = await counter.final_intent(intent_id)
    assert seen["status"] == "CAPTURED"
    after = len((await theatre.at.psp.http.get("/_control/tokens")).json()["tokens"])
    assert after >= before + 2
    assert await theatre.story(intent_id) == [
        "authorization 31.60 EUR approved at primary",
        "capture 31.60 EUR approved at primary",
    ]


async def test_the_books_agree_with_the_psp_and_the_audit_finds_nothing(theatre: Theatre) -> None:
    await theatre.nothing_is_found()
