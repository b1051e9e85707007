"""What a PSP did twice, or after all, becomes a case whose command makes the books agree again."""

from __future__ import annotations

import pytest

from infra.local.demo.cashier import Cashier
from infra.local.demo.play import Scene
from infra.local.stack.addresses import Stack
from infra.local.stack.chosen_psp import HELD_FIRST
from tests.journeys.of_others import Hands, until


@pytest.fixture
def hands(stack: Stack, at: Scene) -> Hands:
    return Hands(stack, at)


async def test_a_second_capture_under_our_key_is_a_case_and_refunded_by_order(
    hands: Hands, cashier: Cashier
) -> None:
    paid = await cashier.deposit("dora", "50.00 EUR", method=HELD_FIRST[0])
    intent_id = paid["intent_id"]
    await hands.do_twice(f"{intent_id}:capture")
    [case] = await hands.cases(intent_id)
    assert case["kind"] == "double"
    assert await cashier.wallet("dora", "EUR") == "50.00 EUR"
    await hands.resolve(case, "refund")
    assert "refund 50.00 EUR approved at primary" in await cashier.psp.story(intent_id)
    assert await cashier.wallet("dora", "EUR") == "50.00 EUR"


async def test_a_second_hold_under_our_key_is_a_case_and_voided_by_itself(
    hands: Hands, cashier: Cashier
) -> None:
    paid = await cashier.deposit("dirk", "50.00 EUR", method=HELD_FIRST[0])
    intent_id = paid["intent_id"]
    await hands.do_twice(f"{intent_id}:authorize:1")
    [case] = await hands.cases(intent_id)
    assert case["kind"] == "double"

    async def is_voided() -> bool:
        return "void 50.00 EUR approved at primary" in await cashier.psp.story(intent_id)

    await until(is_voided)


async def test_a_second_sale_under_our_key_is_a_case_and_a_person_has_it_refunded(
    hands: Hands, cashier: Cashier
) -> None:
    paid = await cashier.deposit("dina", "50.00 EUR")
    intent_id = paid["intent_id"]
    await hands.do_twice(f"{intent_id}:sale:1")
    [case] = await hands.cases(intent_id)
    assert case["kind"] == "double"
    assert await cashier.wallet("dina", "EUR") == "50.00 EUR"
    await hands.resolve(case, "refund")
    assert "refund 50.00 EUR approved at primary" in await cashier.psp.story(intent_id)
    assert await cashier.wallet("dina", "EUR") == "50.00 EUR"


async def test_a_payout_that_is_settled_returned_and_settled_again_is_taken_from_the_player(
    hands: Hands, cashier: Cashier
) -> None:
    await cashier.deposit("hugo", "50.00 EUR")
    payout_id = await cashier.pay_out("hugo", "20.00 EUR", "dst_ok")
    await cashier.final_payout(payout_id)
    [paid] = await cashier.psp.journal(payout_id)
    about = {"id": paid["id"], "amount": 2000}
    back = {"status": "declined", "decline": {"code": "refund_failed"}}
    await hands.say("payout", paid["reference"], **about, **back)
    await hands.becomes(payout_id, "PAYOUT_RETURNED")
    assert await cashier.wallet("hugo", "EUR") == "50.00 EUR"
    await hands.say("payout", paid["reference"], **about)
    [case] = await hands.cases(payout_id)
    await hands.resolve(case, "claw_back")
    await hands.becomes(payout_id, "PAYOUT_SETTLED")
    assert await cashier.wallet("hugo", "EUR") == "30.00 EUR"


async def test_a_payout_that_was_paid_after_it_failed_is_taken_from_the_player(
    hands: Hands, cashier: Cashier
) -> None:
    await cashier.deposit("hanna", "50.00 EUR")
    payout_id = await cashier.pay_out("hanna", "20.00 EUR", "dst_fail")
    assert (await cashier.final_payout(payout_id))["status"] == "PAYOUT_FAILED"
    await hands.do_after_all(payout_id)
    [case] = await hands.cases(payout_id)
    assert await cashier.wallet("hanna", "EUR") == "50.00 EUR"
    await hands.resolve(case, "claw_back")
    await hands.becomes(payout_id, "PAYOUT_SETTLED")
    assert await cashier.wallet("hanna", "EUR") == "30.00 EUR"
