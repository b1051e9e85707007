"""After all that others did at the PSP, every invariant of the audit holds; a payout that was done
twice is named, whatever cases are open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.local.stack.chosen_psp import HELD_FIRST, SANDBOX
from tests.journeys.of_others import Hands
from tests.journeys.test_of_others import held
from tests.journeys.theatre import Theatre, theatre_of


@pytest.fixture
async def theatre(tmp_path: Path) -> AsyncIterator[Theatre]:
    async with theatre_of(SANDBOX, tmp_path) as opened:
        yield opened


async def test_the_audit_understands_what_others_did_and_names_a_double_payout(
    theatre: Theatre,
) -> None:
    hands, cashier = Hands(theatre.stack, theatre.at), theatre.cashier
    refunded = await cashier.deposit("anna", "50.00 EUR")
    await hands.do("refund", refunded["intent_id"], amount=1000)
    await hands.do("refund", refunded["intent_id"], amount=1500)
    owing = await cashier.deposit("emil", "50.00 EUR")
    paid = await cashier.pay_out("emil", "35.00 EUR", "dst_ok")
    await cashier.final_payout(paid)
    await hands.do("chargeback", owing["intent_id"])
    failed = await cashier.deposit("fred", "50.00 EUR")
    await hands.do("refund", failed["intent_id"])
    await hands.do("refund-fails", failed["intent_id"])
    won = await cashier.deposit("gerd", "50.00 EUR")
    await hands.do("chargeback", won["intent_id"])
    await hands.do("chargeback-reversed", won["intent_id"])
    captured = await held(cashier, "hans")
    await hands.do("capture", captured, amount=2000)
    late = await held(cashier, "inge")
    await hands.do("lapse", late)
    twice = await cashier.deposit("jana", "50.00 EUR", method=HELD_FIRST[0])
    await hands.do_twice(f"{twice['intent_id']}:capture")
    await hands.cases(twice["intent_id"])
    for payment_id, status in (
        (owing["intent_id"], "REVERSED"),
        (failed["intent_id"], "CAPTURED"),
        (won["intent_id"], "CAPTURED"),
        (captured, "CAPTURED"),
        (late, "VOIDED"),
    ):
        await hands.becomes(payment_id, status)
    assert await hands.owed("emil") == 3500
    await hands.cases(refunded["intent_id"], 2)
    assert (await theatre.audited()).holds, "with a case open about the second capture"

    await hands.do_twice(f"{paid}:payout:1")
    await hands.cases(paid)
    named = [line for line in (await theatre.audited()).lines() if paid in line]
    assert any("the PSP has -7000, the ledger -3500 EUR" in line for line in named), named
