"""What somebody else does at the PSP reaches us: waits end, the books follow, a person is told."""

from __future__ import annotations

import pytest

from infra.local.demo.cashier import Cashier
from infra.local.demo.money import text_of
from infra.local.demo.play import Scene
from infra.local.stack.addresses import Stack
from tests.journeys.of_others import Hands


@pytest.fixture
def hands(stack: Stack, at: Scene) -> Hands:
    return Hands(stack, at)


async def test_a_refund_in_the_psp_s_dashboard_is_taken_from_the_player_and_told(
    hands: Hands, cashier: Cashier
) -> None:
    paid = await cashier.deposit("rita", "50.00 EUR")
    intent_id = paid["intent_id"]
    await hands.do("refund", intent_id, amount=2000)
    await hands.becomes(intent_id, "REVERSED")
    assert await cashier.wallet("rita", "EUR") == "30.00 EUR"
    [case] = await hands.cases(intent_id)
    assert (case["kind"], case["state"]) == ("money_gone", "open")
    assert text_of(case["money_at_risk"]) == "20.00 EUR"
    assert (await hands.told_of(intent_id))[-2:] == ["deposit.captured", "deposit.reversed"]


async def test_what_was_refunded_at_the_psp_is_not_refunded_a_second_time(
    hands: Hands, cashier: Cashier
) -> None:
    # They have other money, so that it is the capture that bounds the refund.
    await cashier.deposit("rosa", "80.00 EUR")
    paid = await cashier.deposit("rosa", "50.00 EUR")
    await hands.do("refund", paid["intent_id"], amount=2000)
    await hands.becomes(paid["intent_id"], "REVERSED")
    too_much = await hands.refund(paid["capture_id"], "30.01 EUR")
    assert too_much == (422, "refund-exceeds-capture")
    answer = await cashier.refund(paid["capture_id"], "30.00 EUR")
    assert answer.status == 202
    await cashier.final_refund(answer.body["refund_id"])
    assert await hands.refund(paid["capture_id"], "0.01 EUR") == (422, "refund-exceeds-capture")
    assert await cashier.wallet("rosa", "EUR") == "80.00 EUR"


async def test_what_is_not_there_any_more_is_owed_and_no_balance_goes_below_zero(
    hands: Hands, cashier: Cashier
) -> None:
    paid = await cashier.deposit("otto", "50.00 EUR")
    await cashier.final_payout(await cashier.pay_out("otto", "35.00 EUR", "dst_ok"))
    await hands.do("chargeback", paid["intent_id"])
    await hands.becomes(paid["intent_id"], "REVERSED")
    assert await cashier.wallet("otto", "EUR") == "0.00 EUR"
    assert await hands.owed("otto") == 3500
    await hands.do("chargeback-reversed", paid["intent_id"])
    await hands.becomes(paid["intent_id"], "CAPTURED")
    assert await cashier.wallet("otto", "EUR") == "15.00 EUR"
    assert await hands.owed("otto") == 0
    events = await hands.told_of(paid["intent_id"])
    assert events[-3:] == ["deposit.captured", "deposit.reversed", "deposit.captured"]


async def test_payouts_of_that_player_wait_for_a_person_and_then_go_on(
    hands: Hands, cashier: Cashier
) -> None:
    first = await cashier.deposit("paula", "50.00 EUR")
    await cashier.deposit("paula", "60.00 EUR")
    await hands.do("chargeback", first["intent_id"])
    [case] = await hands.cases(first["intent_id"])
    parked = await cashier.pay_out("paula", "10.00 EUR", "dst_ok")
    await hands.becomes(parked, "PAYOUT_PARKED")
    await cashier.deposit("karl", "10.00 EUR")
    other = await cashier.final_payout(await cashier.pay_out("karl", "10.00 EUR", "dst_ok"))
    assert other["status"] == "PAYOUT_SETTLED", "nobody else waits"
    assert await cashier.psp.story(parked) == []
    await hands.resolve(case, "dismiss")
    await hands.becomes(parked, "PAYOUT_SETTLED", 60)
    assert await cashier.wallet("paula", "EUR") == "50.00 EUR"


async def test_a_refund_in_the_dashboard_that_fails_gives_the_player_the_money_again(
    hands: Hands, cashier: Cashier
) -> None:
    paid = await cashier.deposit("fritz", "50.00 EUR")
    await hands.do("refund", paid["intent_id"])
    await hands.becomes(paid["intent_id"], "REVERSED")
    await hands.do("refund-fails", paid["intent_id"])
    await hands.becomes(paid["intent_id"], "CAPTURED")
    assert await cashier.wallet("fritz", "EUR") == "50.00 EUR"
    answer = await cashier.refund(paid["capture_id"], "50.00 EUR")
    assert answer.status == 202, "it can be refunded again"
    await cashier.final_refund(answer.body["refund_id"])


@pytest.mark.parametrize("command", ["refund", "chargeback"])
async def test_a_fact_without_our_reference_is_found_by_the_ids_of_the_psp(
    hands: Hands, cashier: Cashier, command: str
) -> None:
    player = f"nadja-{command}"
    paid = await cashier.deposit(player, "50.00 EUR")
    await hands.do(command, paid["intent_id"], named=False)
    await hands.becomes(paid["intent_id"], "REVERSED")
    assert await cashier.wallet(player, "EUR") == "0.00 EUR"


# --- while we wait for `capture` --------------------------------------------------------------


async def held(cashier: Cashier, player: str) -> str:
    intent_id = await cashier.open(player, "50.00 EUR", capture_method="manual")
    events = await cashier.authorize(intent_id)
    assert events["status"] == "AUTHORIZED"
    return intent_id


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("command", ["void", "lapse"])
async def test_a_hold_that_is_let_go_of_at_the_psp_ends_the_deposit(
    hands: Hands, cashier: Cashier, command: str, named: bool
) -> None:
    intent_id = await held(cashier, "vera")
    await hands.do(command, intent_id, named=named)
    seen = await cashier.final_intent(intent_id)
    assert seen["status"] == "VOIDED"
    assert (await hands.told_of(intent_id))[-1] == "deposit.voided"
    assert await cashier.wallet("vera", "EUR") == "0.00 EUR"


@pytest.mark.parametrize("named", [True, False])
async def test_a_hold_that_is_captured_at_the_psp_is_credited_and_can_be_refunded(
    hands: Hands, cashier: Cashier, named: bool
) -> None:
    player = f"carl-{named}".lower()
    intent_id = await held(cashier, player)
    await hands.do("capture", intent_id, named=named)
    seen = await cashier.final_intent(intent_id)
    assert (seen["status"], text_of(seen["captured"])) == ("CAPTURED", "50.00 EUR")
    assert await cashier.wallet(player, "EUR") == "50.00 EUR"
    answer = await cashier.refund(seen["capture_id"], "50.00 EUR")
    await cashier.final_refund(answer.body["refund_id"])
    assert await cashier.wallet(player, "EUR") == "0.00 EUR"


async def test_of_a_part_that_is_captured_at_the_psp_the_rest_is_released(
    hands: Hands, cashier: Cashier
) -> None:
    intent_id = await held(cashier, "clara")
    await hands.do("capture", intent_id, amount=2000)
    seen = await cashier.final_intent(intent_id)
    assert (seen["status"], text_of(seen["captured"])) == ("CAPTURED", "20.00 EUR")
    assert await cashier.wallet("clara", "EUR") == "20.00 EUR"
    assert (await cashier.psp.story(intent_id))[-1].startswith("void 30.00 EUR approved")


# --- sales ------------------------------------------------------------------------------------


async def test_what_cannot_be_held_is_taken_and_credited_at_once(
    hands: Hands, cashier: Cashier
) -> None:
    body = {"amount": {"amount": "50.00", "currency": "EUR"}, "player_id": "ida"}
    body |= {"method": "ideal", "payment_token": "tok_ok", "capture_method": "manual"}
    body |= {"return_url": "https://casino.example/back"}
    body |= {"metadata": {"brand_id": "demo", "region": "eu"}}
    opened = await cashier.ask("/v1/cashier/intents", body)
    assert opened.status == 201, opened.body
    intent_id = opened.body["intent_id"]
    await cashier.tell(intent_id, "authorize")
    seen = await cashier.final_intent(intent_id)
    assert (seen["status"], text_of(seen["captured"])) == ("CAPTURED", "50.00 EUR")
    answer = await cashier.refund(seen["capture_id"], "20.00 EUR")
    await cashier.final_refund(answer.body["refund_id"])
    await hands.do("refund", intent_id)
    await hands.becomes(intent_id, "REVERSED")
    assert await cashier.wallet("ida", "EUR") == "0.00 EUR"
