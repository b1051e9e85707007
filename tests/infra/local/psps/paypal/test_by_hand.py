"""What people and time do at PayPal, and refusals that are ordered of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from infra.local.psps.paypal.funding import vaulted
from infra.local.psps.paypal.receivers import DENIED
from tests.infra.local.psps.paypal.merchant import BACK, Merchant, euros, fresh, issue

_HELD = "/v2/payments/authorizations"


async def by_hand(merchant: Merchant, deed: str, about: str, **more: Any) -> httpx.Response:
    body = {"about": about, **more}
    return await merchant.at.http.post(f"/_control/by-hand/{deed}", json=body)


async def done(merchant: Merchant, deed: str, about: str, **more: Any) -> str:
    answer = await by_hand(merchant, deed, about, **more)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


@pytest.mark.parametrize("deed", ["void", "lapse"])
async def test_a_hold_that_is_let_go_there_can_no_longer_be_captured(
    merchant: Merchant, deed: str
) -> None:
    reference = fresh()
    held = await merchant.held(reference=reference)
    payment = reference.partition(":")[0]
    assert await done(merchant, deed, payment + ":") == held["id"]
    path = f"{_HELD}/{held['id']}"
    assert (await merchant.get(path)).json()["status"] == "VOIDED"
    assert issue(await merchant.post(f"{path}/capture", {})) == (422, "AUTHORIZATION_VOIDED")
    events = await merchant.events(reference, 3)
    assert events[-1] == "PAYMENT.AUTHORIZATION.VOIDED"
    assert (await merchant.story(f"{payment}:by-hand")) == ["void 50.10 EUR approved at primary"]
    assert (await by_hand(merchant, deed, held["id"])).status_code == 409


async def test_a_capture_by_hand_has_the_references_of_its_order_alone(merchant: Merchant) -> None:
    reference = fresh()
    held = await merchant.held(reference=reference)
    taken = await done(merchant, "capture", held["id"], amount="20.10")
    seen = (await merchant.get(f"/v2/payments/captures/{taken}")).json()
    assert (seen["status"], seen["amount"], seen["custom_id"]) == (
        "COMPLETED",
        euros("20.10"),
        reference,
    )
    assert "invoice_id" not in seen
    assert await merchant.events(taken, 1) == ["PAYMENT.CAPTURE.COMPLETED"]
    answer = await merchant.post(f"{_HELD}/{held['id']}/capture", {})
    assert issue(answer) == (422, "AUTHORIZATION_ALREADY_CAPTURED")


@pytest.mark.parametrize(
    ("deed", "event", "operation"),
    [
        ("refund", "PAYMENT.CAPTURE.REFUNDED", "refund"),
        ("reverse", "PAYMENT.CAPTURE.REVERSED", "chargeback"),
    ],
)
async def test_what_is_given_back_by_hand_leads_to_its_capture(
    merchant: Merchant, deed: str, event: str, operation: str
) -> None:
    reference = fresh()
    taken = await merchant.captured(reference=reference)
    made = await done(merchant, deed, taken["id"], amount="10.00")
    assert await merchant.events(made, 1) == [event]
    seen = (await merchant.get(f"/v2/payments/refunds/{made}")).json()
    assert (seen["status"], seen["amount"]) == ("COMPLETED", euros("10.00"))
    assert any(each["href"].endswith(taken["id"]) for each in seen["links"] if each["rel"] == "up")
    capture = (await merchant.get(f"/v2/payments/captures/{taken['id']}")).json()
    assert capture["status"] == "PARTIALLY_REFUNDED"
    payment = reference.partition(":")[0]
    story = await merchant.story(f"{payment}:by-hand")
    assert story == [f"{operation} 10.00 EUR approved at primary"]
    assert (await by_hand(merchant, deed, taken["id"], amount="50.00")).status_code == 409
    await done(merchant, deed, taken["id"])
    assert (await by_hand(merchant, deed, taken["id"])).status_code == 409


@pytest.mark.parametrize(("deed", "parties"), [("win", ["DEBIT", "CREDIT"]), ("lose", ["DEBIT"])])
async def test_a_dispute_takes_the_money_and_may_bring_it_back(
    merchant: Merchant, deed: str, parties: list[str]
) -> None:
    taken = await merchant.captured(reference=fresh())
    opened = await done(merchant, "dispute", taken["id"])
    assert await merchant.events(opened, 1) == ["CUSTOMER.DISPUTE.CREATED"]
    assert "PAYMENT.CAPTURE.REVERSED" in await merchant.events(taken["id"], 3)
    assert await done(merchant, deed, opened) == opened
    assert (await merchant.events(opened, 2))[-1] == "CUSTOMER.DISPUTE.RESOLVED"
    seen = (await merchant.get(f"/v1/customer/disputes/{opened}")).json()
    assert [each["type"] for each in seen["money_movements"]] == parties
    assert seen["disputed_transactions"][0]["seller_transaction_id"] == taken["id"]
    assert (await by_hand(merchant, deed, opened)).status_code == 409


async def test_an_order_that_nobody_approved_expires(merchant: Merchant) -> None:
    reference = fresh()
    order = (await merchant.order(reference=reference)).json()
    assert await done(merchant, "expire", order["id"]) == order["id"]
    assert await merchant.events(reference, 1) == ["CHECKOUT.ORDER.EXPIRED"]
    assert issue(await merchant.authorize(order)) == (422, "ORDER_NOT_APPROVED")


async def test_what_cannot_be_done_there_is_said(merchant: Merchant) -> None:
    assert (await by_hand(merchant, "steal", "in_1")).status_code == 404
    assert (await by_hand(merchant, "refund", "in_none:")).status_code == 409
    assert (await by_hand(merchant, "refund", "")).status_code == 422
    assert (await by_hand(merchant, "refund", "in_1", amount="ten")).status_code == 422


# --- kept wallets -----------------------------------------------------------------------------


async def by_wallet(merchant: Merchant, vault_id: str, account: str = "primary") -> httpx.Response:
    source = {"paypal": {"vault_id": vault_id, "experience_context": {"return_url": BACK}}}
    return await merchant.order(reference=fresh(), account=account, payment_source=source)


async def test_a_kept_wallet_is_authorized_without_the_payer(merchant: Merchant) -> None:
    made = (await by_wallet(merchant, vaulted("balance"))).json()
    assert made["status"] == "COMPLETED"
    [held] = made["purchase_units"][0]["payments"]["authorizations"]
    assert held["status"] == "CREATED"
    assert await merchant.events(held["id"], 1) == ["PAYMENT.AUTHORIZATION.CREATED"]


async def test_a_kept_wallet_is_refused_as_its_choice_is(merchant: Merchant) -> None:
    assert issue(await by_wallet(merchant, vaulted("limit_at_primary"))) == (
        422,
        "TRANSACTION_LIMIT_EXCEEDED",
    )
    assert (await by_wallet(merchant, vaulted("limit_at_primary"), "secondary")).is_success
    assert issue(await by_wallet(merchant, "8kk8451t")) == (422, "TOKEN_ID_NOT_FOUND")
    for choice, code in (("no_gaming_at_primary", "PPAG"), ("suspected_fraud", "9500")):
        made = (await by_wallet(merchant, vaulted(choice))).json()
        [denied] = made["purchase_units"][0]["payments"]["authorizations"]
        assert (denied["status"], denied["processor_response"]["response_code"]) == ("DENIED", code)
    made = (await by_wallet(merchant, vaulted("no_gaming_at_primary"), "secondary")).json()
    [held] = made["purchase_units"][0]["payments"]["authorizations"]
    assert held["status"] == "CREATED"


# --- ordered refusals -------------------------------------------------------------------------


async def test_a_refusal_is_met_as_often_as_it_was_ordered_and_nothing_is_done(
    merchant: Merchant,
) -> None:
    held, key = await merchant.held(), fresh("capture")
    path = f"{_HELD}/{held['id']}"
    ordered = {"path": "/capture$", "status": 403, "issue": "PERMISSION_DENIED"}
    await merchant.at.order("refusals", **ordered)
    answer = await merchant.post(f"{path}/capture", {}, key=key)
    assert issue(answer) == (403, "PERMISSION_DENIED")
    assert answer.json()["name"] == "NOT_AUTHORIZED"
    assert (await merchant.get(path)).json()["status"] == "CREATED"
    assert await merchant.story(key) == []
    assert (await merchant.post(f"{path}/capture", {}, key=key)).status_code == 201
    wrong = await merchant.at.http.post("/_control/refusals", json={"path": "("})
    assert wrong.status_code == 422


async def test_a_payout_may_be_denied(merchant: Merchant) -> None:
    key = fresh("payout")
    batch = (await merchant.pay_out(DENIED, key=key)).json()
    item = await merchant.item_of(batch, "DENIED")
    assert item["errors"]["name"] == "REGULATORY_BLOCKED"
    assert await merchant.events(item["payout_item_id"], 1) == ["PAYMENT.PAYOUTS-ITEM.DENIED"]
    assert await merchant.story(key) == ["payout 45.60 EUR declined at primary"]


async def test_an_event_is_shown_as_it_was_told_to_its_own_account_alone(
    merchant: Merchant,
) -> None:
    reference = fresh()
    await merchant.held(reference=reference)
    heard = (await merchant.heard(f'"{reference}"', 1))[0]
    path = f"/v1/notifications/webhooks-events/{heard.message['id']}"
    assert (await merchant.get(path)).json() == heard.message
    assert (await merchant.get(path, account="secondary")).status_code == 404
    assert (await merchant.get(f"{path}X")).status_code == 404
