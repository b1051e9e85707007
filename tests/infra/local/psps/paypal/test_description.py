"""Every answer and webhook of the lookalike, held against PayPal's own descriptions of its APIs.

What PayPal does and its descriptions do not know is named here, each with what is known of it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from infra.local.psps.paypal import receivers
from tests.activities.psp.descriptions import (
    check_response,
    needs_descriptions,
)
from tests.infra.local.psps.paypal.judging import Judge, described, types_of
from tests.infra.local.psps.paypal.merchant import BACK, Merchant, euros, fresh, linked

pytestmark = needs_descriptions
_HELD = "/v2/payments/authorizations"


async def test_orders_are_in_described_words(judged: Merchant, judge: Judge) -> None:
    reference = fresh()
    order = await judged.approved(reference=reference, value="20000", currency="JPY")
    for _ in range(2):
        await judged.authorize(order, key=f"{reference}:twice")
    await judged.get(f"/v2/checkout/orders/{order['id']}")
    unit = {"amount": euros("7.00"), "invoice_id": "INV-1", "description": "Deposit"}
    context = {"return_url": BACK, "cancel_url": BACK}
    body = {"intent": "AUTHORIZE", "purchase_units": [unit], "application_context": context}
    created = (await judged.post("/v2/checkout/orders", body, whole=False)).json()
    await judged.at.psp.answer(linked(created, "approve"), "approve")
    await judged.authorize(created)
    assert await types_of(judged, reference, 2) == {
        "CHECKOUT.ORDER.APPROVED",
        "PAYMENT.AUTHORIZATION.CREATED",
    }
    assert {status for _, _, status in judge.seen} == {200, 201}


async def test_refused_orders_are_in_described_words(judged: Merchant, judge: Judge) -> None:
    order = (await judged.order()).json()
    await judged.authorize(order)
    for funding in ("card_declined", "limit_at_primary", "account_closed", "authorization_denied"):
        order = await judged.approved(funding)
        await judged.authorize(order)
        await judged.get(f"/v2/checkout/orders/{order['id']}")
    await judged.authorize(order)
    for value, currency in (("1.00", "KWD"), ("1.001", "EUR"), ("1.00", "JPY"), ("0", "EUR")):
        await judged.order(value, currency)
    wrong: list[dict[str, Any]] = [{}, {"intent": "CAPTURE"}, {"intent": "AUTHORIZE"}]
    for body in [*wrong, {"intent": "AUTHORIZE", "purchase_units": []}]:
        await judged.post("/v2/checkout/orders", body)
    await judged.order("x", "EUR")
    await judged.order(reference="x" * 128)
    await judged.get("/v2/checkout/orders/NONE")
    await judged.at.http.get("/v2/checkout/orders/NONE")
    for fault in ("status_409", "status_503", "status_500_before"):
        await judged.at.order("faults", path="/v2/checkout", fault=fault)
        await judged.order()
    assert {400, 401, 404, 409, 422, 500, 503} <= {status for _, _, status in judge.seen}


async def test_captures_and_voids_are_in_described_words(judged: Merchant, judge: Judge) -> None:
    held = await judged.held(reference=fresh())
    path = f"{_HELD}/{held['id']}"
    renewed = (await judged.post(f"{path}/reauthorize", {"amount": euros("50.10")})).json()
    await judged.post(f"{path}/reauthorize", {"amount": euros("50.10")})
    await judged.post(f"{_HELD}/{renewed['id']}/void")
    for amount in ({"currency_code": "USD", "value": "1"}, euros("999"), euros("1.001")):
        await judged.post(f"{path}/capture", {"amount": amount})
    for body in ({"amount": {"value": "1"}}, {"amount": euros("x")}, {"invoice_id": ""}):
        await judged.post(f"{path}/capture", dict(body))
    taken = await judged.post(f"{path}/capture", {"amount": euros("20.00"), "invoice_id": "I"})
    await judged.post(f"{path}/capture", {"amount": euros("1.00")}, whole=False)
    await judged.get(path)
    await judged.post(f"{path}/void")
    await judged.post(f"{path}/void")
    await judged.post(f"{path}/capture", {})
    other = await judged.held()
    await judged.post(f"{_HELD}/{other['id']}/void", whole=False)
    yen = await judged.held(value="100", currency="JPY")
    amount = {"currency_code": "JPY", "value": "50.00"}
    await judged.post(f"{_HELD}/{yen['id']}/capture", {"amount": amount})
    final = {"amount": amount | {"value": "50"}, "final_capture": True}
    await judged.post(f"{_HELD}/{yen['id']}/capture", final)
    await judged.post(f"{_HELD}/{yen['id']}/void")
    await judged.get(f"{_HELD}/NONE")
    await types_of(judged, held["id"], 4)
    await types_of(judged, taken.json()["id"], 1)
    name = "payments_payment_v2"
    assert {("POST", name, status) for status in (200, 201, 204, 400, 422)} <= judge.seen


async def test_captures_that_fail_are_in_described_words(judged: Merchant) -> None:
    refused = await judged.held("capture_refused")
    await judged.post(f"{_HELD}/{refused['id']}/capture", {})
    denied = await judged.held("authorization_denied")
    await judged.post(f"{_HELD}/{denied['id']}/capture", {})
    for funding, count in (("capture_declined", 1), ("capture_pending", 2)):
        taken = await judged.captured(funding)
        await judged.post(f"/v2/payments/captures/{taken['id']}/refund", {})
        await types_of(judged, taken["id"], count)
        await judged.get(f"/v2/payments/captures/{taken['id']}")


async def test_refunds_are_in_described_words(judged: Merchant) -> None:
    for funding in ("balance", "refund_pending", "refund_fails"):
        taken = await judged.captured(funding)
        path = f"/v2/payments/captures/{taken['id']}"
        body = {"amount": euros("20.15"), "custom_id": fresh("refund"), "note_to_payer": "Sorry"}
        made = (await judged.post(f"{path}/refund", body)).json()
        await judged.post(f"{path}/refund", {"amount": euros("1.00"), "custom_id": "re_1"})
        for amount in (euros("99"), euros("0"), {"currency_code": "USD", "value": "1"}):
            await judged.post(f"{path}/refund", {"amount": amount})
        await judged.post(f"{path}/refund", {}, whole=False)
        await judged.post(f"{path}/refund", {})
        await types_of(judged, made["id"], 1 if funding == "balance" else 2)
        await judged.get(path)
        await judged.get(f"/v2/payments/refunds/{made['id']}")
    await judged.get("/v2/payments/refunds/NONE")


async def test_payouts_are_in_described_words(judged: Merchant, judge: Judge) -> None:
    endings = {
        receivers.OK: "SUCCESS",
        receivers.CLOSED: "FAILED",
        receivers.UNCLAIMED: "UNCLAIMED",
        receivers.RETURNED: "RETURNED",
        receivers.HELD: "ONHOLD",
        "nobody": "FAILED",
    }
    for receiver, status in endings.items():
        key = fresh("payout")
        batch = (await judged.pay_out(receiver, key=key)).json()
        item = await judged.item_of(batch, status)
        own = f"/v1/payments/payouts-item/{item['payout_item_id']}"
        await judged.get(own)
        await judged.post(f"{own}/cancel")
        await judged.post(f"{own}/cancel")
        await types_of(judged, batch["batch_header"]["payout_batch_id"], 3)
    name = batch["batch_header"]["sender_batch_header"]["sender_batch_id"]
    await judged.pay_out(receivers.OK, batch=name)
    await judged.pay_out(receivers.OK, value="x")
    path = f"/v1/payments/payouts/{batch['batch_header']['payout_batch_id']}"
    await judged.get(path, total_required="true", page_size="1")
    await judged.get(path, page_size="0")
    await judged.get("/v1/payments/payouts/NONE")
    await judged.at.http.get(path)
    await judged.at.order("faults", path="/v1/payments", fault="status_429")
    await judged.pay_out(receivers.OK)
    assert {200, 201, 400, 401, 404, 429} == {status for _, _, status in judge.seen}


async def test_the_report_is_in_described_words(judged: Merchant) -> None:
    taken = await judged.captured(reference=fresh(), value="501", currency="HUF")
    await judged.post(f"/v2/payments/captures/{taken['id']}/refund", {})
    batch = (await judged.pay_out(receivers.RETURNED)).json()
    await judged.item_of(batch, "RETURNED")
    today = datetime.now(UTC).strftime("%Y-%m-%dT")
    dates = {"start_date": f"{today}00:00:00Z", "end_date": f"{today}23:59:59Z"}
    path = "/v1/reporting/transactions"
    report = await judged.get(path, **dates, fields="all", page_size="2")
    assert report.json()["total_items"] >= 4
    await judged.get(path, **dates, page_size="500")
    await judged.get(path, **dates, transaction_currency="PLN")
    await judged.get(path, start_date=dates["end_date"], end_date=dates["start_date"])
    await judged.get(path)


async def test_a_verification_is_in_described_words(judged: Merchant, judge: Judge) -> None:
    reference = fresh()
    await judged.held(reference=reference)
    [heard, *_] = await judged.heard(reference, 2)
    headers = heard.headers
    question = {
        "auth_algo": headers["paypal-auth-algo"],
        "cert_url": headers["paypal-cert-url"],
        "transmission_id": headers["paypal-transmission-id"],
        "transmission_sig": headers["paypal-transmission-sig"],
        "transmission_time": headers["paypal-transmission-time"],
        "webhook_id": judged.at.credentials["primary"]["webhook_id"],
        "webhook_event": heard.message,
    }
    path = "/v1/notifications/verify-webhook-signature"
    answer = await judged.at.http.post(
        path,
        content=orjson.dumps(question),
        headers=await judged.headers("primary") | {"Content-Type": "application/json"},
    )
    assert answer.json() == {"verification_status": "SUCCESS"}
    await judged.post(path, {})
    assert {status for _, _, status in judge.seen} >= {200, 400}


async def test_the_judge_is_not_blind(judged: Merchant) -> None:
    taken = await judged.captured()
    at, place = (
        described("payments_payment_v2"),
        ("GET", f"/v2/payments/captures/{taken['id']}", 200),
    )
    headers = {"content-type": "application/json"}
    check_response(at, *place, headers, orjson.dumps(taken))
    for name, wrong in (("status", "CAPTURED"), ("amount", {"value": 5}), ("state", "COMPLETED")):
        with pytest.raises(AssertionError):
            check_response(at, *place, headers, orjson.dumps({**taken, name: wrong}))
    orders = described("checkout_orders_v2")
    order = await judged.approved("card_declined")
    declined = (await judged.authorize(order)).content
    path = f"/v2/checkout/orders/{order['id']}/authorize"
    with pytest.raises(AssertionError, match="details/0"):
        check_response(orders, "POST", path, 422, headers, declined)
