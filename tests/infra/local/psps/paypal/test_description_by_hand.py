"""What is done at the lookalike by hand, and kept wallets, in PayPal's described words."""

from __future__ import annotations

from infra.local.psps.paypal.funding import vaulted
from tests.activities.psp.descriptions import needs_descriptions
from tests.infra.local.psps.paypal.judging import types_of
from tests.infra.local.psps.paypal.merchant import Merchant, fresh

pytestmark = needs_descriptions


async def test_what_is_done_by_hand_is_told_in_described_words(judged: Merchant) -> None:
    held = await judged.held(reference=fresh())
    taken = await judged.captured(reference=fresh())
    order = (await judged.order(reference=fresh())).json()
    made = {}
    for deed, about in (
        ("capture", held["id"]),
        ("refund", taken["id"]),
        ("dispute", held["custom_id"]),
        ("win", held["custom_id"]),
        ("expire", order["id"]),
    ):
        asked = {"about": about} | ({"amount": "10.00"} if deed == "refund" else {})
        answer = await judged.at.http.post(f"/_control/by-hand/{deed}", json=asked)
        made[deed] = answer.json()["id"]
    assert "PAYMENT.CAPTURE.COMPLETED" in await types_of(judged, made["capture"], 3)
    assert await types_of(judged, made["refund"], 1) == {"PAYMENT.CAPTURE.REFUNDED"}
    disputes = {"CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.RESOLVED"}
    assert await types_of(judged, made["dispute"], 2) == disputes
    assert await types_of(judged, order["id"], 1) == {"CHECKOUT.ORDER.EXPIRED"}
    await judged.get(f"/v1/customer/disputes/{made['dispute']}")
    await judged.get(f"/v2/payments/refunds/{made['refund']}")


async def test_kept_wallets_are_answered_in_described_words(judged: Merchant) -> None:
    for vault_id in (vaulted("balance"), vaulted("suspected_fraud")):
        await judged.order(payment_source={"paypal": {"vault_id": vault_id}})
