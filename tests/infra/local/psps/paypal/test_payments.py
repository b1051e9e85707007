"""Orders, authorizations, captures and refunds, as PayPal does them."""

from __future__ import annotations

import pytest

from tests.infra.local.psps.paypal.merchant import BACK, LEFT, Merchant, euros, fresh, issue, linked
from tests.infra.local.psps.running import until

_HELD = "/v2/payments/authorizations"


async def test_an_order_is_approved_at_paypal_and_then_authorized(merchant: Merchant) -> None:
    reference = fresh()
    answer = await merchant.order(reference=reference)
    order = answer.json()
    assert (answer.status_code, order["status"]) == (200, "PAYER_ACTION_REQUIRED")
    assert issue(await merchant.authorize(order)) == (422, "ORDER_NOT_APPROVED")
    back = await merchant.at.psp.answer(linked(order, "payer-action"), "approve")
    seen = (await merchant.get(f"/v2/checkout/orders/{order['id']}")).json()
    assert back == f"{BACK}&token={order['id']}&PayerID={seen['payer']['payer_id']}"
    assert seen["status"] == "APPROVED"
    made = await merchant.authorize(order)
    assert (made.status_code, made.json()["status"]) == (201, "COMPLETED")
    [held] = made.json()["purchase_units"][0]["payments"]["authorizations"]
    assert (held["status"], held["amount"], held["custom_id"]) == (
        "CREATED",
        euros("50.10"),
        reference,
    )
    assert issue(await merchant.authorize(order)) == (422, "ORDER_ALREADY_AUTHORIZED")
    assert await merchant.story(reference) == ["authorization 50.10 EUR approved at primary"]
    assert await merchant.events(reference, 2) == [
        "CHECKOUT.ORDER.APPROVED",
        "PAYMENT.AUTHORIZATION.CREATED",
    ]


async def test_a_payer_who_leaves_may_come_back(merchant: Merchant) -> None:
    order = (await merchant.order()).json()
    page = linked(order, "payer-action")
    for action in ("cancel", "decline"):
        assert await merchant.at.psp.answer(page, action) == f"{LEFT}?token={order['id']}"
    assert issue(await merchant.authorize(order)) == (422, "ORDER_NOT_APPROVED")
    await merchant.at.psp.answer(page, "approve")
    assert (await merchant.authorize(order)).status_code == 201


async def test_an_order_without_a_payment_source_is_created_with_an_approval_link(
    merchant: Merchant,
) -> None:
    body = {
        "intent": "AUTHORIZE",
        "purchase_units": [{"amount": euros("7")}],
        "application_context": {"return_url": BACK, "cancel_url": LEFT},
    }
    answer = await merchant.post("/v2/checkout/orders", body)
    assert (answer.status_code, answer.json()["status"]) == (201, "CREATED")
    await merchant.at.psp.answer(linked(answer.json(), "approve"), "approve")
    key = fresh()
    assert (await merchant.authorize(answer.json(), key=key)).status_code == 201
    # Without a custom_id the request's own id is the reference.
    assert await merchant.story(key) == ["authorization 7.00 EUR approved at primary"]


async def test_a_declined_instrument_lets_the_payer_choose_another(merchant: Merchant) -> None:
    reference = fresh()
    order = await merchant.approved("card_declined_at_primary", reference=reference)
    declined = await merchant.authorize(order)
    assert issue(declined) == (422, "INSTRUMENT_DECLINED")
    assert await merchant.story(reference) == ["authorization 50.10 EUR declined at primary"]
    await merchant.at.psp.answer(linked(declined.json(), "redirect"), "approve", funding="balance")
    assert (await merchant.authorize(order)).status_code == 201


async def test_what_one_account_declines_another_may_approve(merchant: Merchant) -> None:
    held = await merchant.held("card_declined_at_primary", account="secondary")
    assert held["status"] == "CREATED"


async def test_a_closed_account_and_a_denied_authorization_are_declines(merchant: Merchant) -> None:
    order = await merchant.approved("account_closed")
    assert issue(await merchant.authorize(order)) == (422, "PAYER_ACCOUNT_LOCKED_OR_CLOSED")
    reference = fresh()
    held = await merchant.held("authorization_denied", reference=reference)
    assert held["status"] == "DENIED"
    refused = await merchant.post(f"{_HELD}/{held['id']}/capture", {})
    assert issue(refused) == (422, "AUTHORIZATION_DENIED")
    assert await merchant.story(reference) == ["authorization 50.10 EUR declined at primary"]


async def test_captures_end_with_the_authorization(merchant: Merchant) -> None:
    held = await merchant.held()
    path, key = f"{_HELD}/{held['id']}", fresh("capture")
    part = await merchant.post(f"{path}/capture", {"amount": euros("20.00")}, key=key)
    assert (part.status_code, part.json()["status"]) == (201, "COMPLETED")
    assert (await merchant.get(path)).json()["status"] == "PARTIALLY_CAPTURED"
    beyond = await merchant.post(f"{path}/capture", {"amount": euros("30.11")})
    assert issue(beyond) == (422, "MAX_CAPTURE_AMOUNT_EXCEEDED")
    rest = await merchant.post(f"{path}/capture", {})
    assert rest.json()["amount"] == euros("30.10")
    assert (await merchant.get(path)).json()["status"] == "CAPTURED"
    assert issue(await merchant.post(f"{path}/capture", {})) == (
        422,
        "AUTHORIZATION_ALREADY_CAPTURED",
    )
    assert issue(await merchant.post(f"{path}/void")) == (422, "PREVIOUSLY_CAPTURED")
    assert await merchant.story(key) == ["capture 20.00 EUR approved at primary"]
    assert "PAYMENT.CAPTURE.COMPLETED" in await merchant.events(part.json()["id"], 1)


async def test_a_final_capture_releases_the_rest(merchant: Merchant) -> None:
    held = await merchant.held(value="20000", currency="JPY")
    path, key = f"{_HELD}/{held['id']}", fresh("capture")
    body = {"amount": {"currency_code": "JPY", "value": "8100"}, "final_capture": True}
    assert (await merchant.post(f"{path}/capture", body, key=key)).status_code == 201
    assert await merchant.story(key) == [
        "capture 8100 JPY approved at primary",
        "void 11900 JPY approved at primary",
    ]
    assert issue(await merchant.post(f"{path}/void")) == (422, "PREVIOUSLY_CAPTURED")


async def test_a_void_gives_what_is_left_back_once(merchant: Merchant) -> None:
    held = await merchant.held()
    path, key = f"{_HELD}/{held['id']}", fresh("void")
    await merchant.post(f"{path}/capture", {"amount": euros("20.00")})
    voided = await merchant.post(f"{path}/void", key=key, whole=False)
    assert (voided.status_code, voided.content) == (204, b"")
    assert (await merchant.post(f"{path}/void", key=key, whole=False)).status_code == 204
    assert issue(await merchant.post(f"{path}/void")) == (422, "PREVIOUSLY_VOIDED")
    assert issue(await merchant.post(f"{path}/capture", {})) == (422, "AUTHORIZATION_VOIDED")
    assert await merchant.story(key) == ["void 30.10 EUR approved at primary"]
    assert "PAYMENT.AUTHORIZATION.VOIDED" in await merchant.events(held["id"], 3)


async def test_a_renewed_authorization_is_the_same_hold(merchant: Merchant) -> None:
    old = await merchant.held()
    made = await merchant.post(f"{_HELD}/{old['id']}/reauthorize", {"amount": euros("50.10")})
    new = made.json()
    assert (made.status_code, new["status"]) == (201, "CREATED")
    assert new["id"] != old["id"]
    again = await merchant.post(f"{_HELD}/{new['id']}/reauthorize", {"amount": euros("50.10")})
    assert issue(again) == (422, "REAUTHORIZATION_NOT_SUPPORTED")
    assert issue(await merchant.post(f"{_HELD}/{new['id']}/void")) == (422, "CANNOT_BE_VOIDED")
    assert (await merchant.post(f"{_HELD}/{new['id']}/capture", {})).status_code == 201
    beyond = await merchant.post(f"{_HELD}/{old['id']}/capture", {})
    assert issue(beyond) == (422, "AUTHORIZATION_ALREADY_CAPTURED")


async def test_a_refused_capture_leaves_the_hold(merchant: Merchant) -> None:
    held, key = await merchant.held("capture_refused"), fresh("capture")
    refused = await merchant.post(f"{_HELD}/{held['id']}/capture", {}, key=key)
    assert issue(refused) == (422, "TRANSACTION_REFUSED")
    assert await merchant.story(key) == ["capture 50.10 EUR declined at primary"]
    assert (await merchant.post(f"{_HELD}/{held['id']}/void")).status_code == 200


async def test_a_capture_may_be_declined_or_take_a_while(merchant: Merchant) -> None:
    declined = await merchant.captured("capture_declined")
    assert declined["status"] == "DECLINED"
    assert await merchant.events(declined["id"], 1) == ["PAYMENT.CAPTURE.DENIED"]
    pending = await merchant.captured("capture_pending")
    assert pending["status"] == "PENDING"
    refund = await merchant.post(f"/v2/payments/captures/{pending['id']}/refund", {})
    assert issue(refund) == (422, "PENDING_CAPTURE")
    assert await merchant.events(pending["id"], 2) == [
        "PAYMENT.CAPTURE.PENDING",
        "PAYMENT.CAPTURE.COMPLETED",
    ]


async def test_refunds_end_with_the_capture(merchant: Merchant) -> None:
    taken = await merchant.captured()
    path, key = f"/v2/payments/captures/{taken['id']}", fresh("refund")
    first = await merchant.post(f"{path}/refund", {"amount": euros("20.15")}, key=key)
    assert (first.status_code, first.json()["status"]) == (201, "COMPLETED")
    assert (await merchant.get(path)).json()["status"] == "PARTIALLY_REFUNDED"
    beyond = await merchant.post(f"{path}/refund", {"amount": euros("29.96")})
    assert issue(beyond) == (422, "REFUND_AMOUNT_EXCEEDED")
    other = {"currency_code": "USD", "value": "1.00"}
    wrong = await merchant.post(f"{path}/refund", {"amount": other})
    assert issue(wrong) == (422, "REFUND_CAPTURE_CURRENCY_MISMATCH")
    rest = await merchant.post(f"{path}/refund", {})
    assert rest.json()["amount"] == euros("29.95")
    assert (await merchant.get(path)).json()["status"] == "REFUNDED"
    assert issue(await merchant.post(f"{path}/refund", {})) == (422, "CAPTURE_FULLY_REFUNDED")
    assert await merchant.story(key) == ["refund 20.15 EUR approved at primary"]
    seen = (await merchant.get(f"/v2/payments/refunds/{first.json()['id']}")).json()
    assert seen == first.json()
    assert "PAYMENT.CAPTURE.REFUNDED" in await merchant.events(seen["id"], 1)


@pytest.mark.parametrize(
    ("funding", "ending", "event", "word"),
    [
        ("refund_pending", "COMPLETED", "PAYMENT.CAPTURE.REFUNDED", "approved"),
        ("refund_fails", "FAILED", "PAYMENT.REFUND.FAILED", "declined"),
    ],
)
async def test_a_refund_may_end_otherwise_than_it_began(
    merchant: Merchant, funding: str, ending: str, event: str, word: str
) -> None:
    taken, key = await merchant.captured(funding), fresh("refund")
    made = await merchant.post(f"/v2/payments/captures/{taken['id']}/refund", {}, key=key)
    assert made.json()["status"] == "PENDING"
    assert await merchant.events(made.json()["id"], 2) == ["PAYMENT.REFUND.PENDING", event]
    seen = (await merchant.get(f"/v2/payments/refunds/{made.json()['id']}")).json()
    assert seen["status"] == ending
    assert await merchant.story(key) == [f"refund 50.10 EUR {word} at primary"]


@pytest.mark.parametrize(
    ("value", "currency", "status", "issued"),
    [
        ("1.00", "KWD", 422, "INVALID_CURRENCY_CODE"),
        ("1.001", "EUR", 422, "DECIMAL_PRECISION"),
        ("1.00", "JPY", 422, "DECIMAL_PRECISION"),
        ("501.50", "HUF", 422, "DECIMAL_PRECISION"),
        ("0.00", "EUR", 422, "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ("-5", "EUR", 422, "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ("1,00", "EUR", 400, "INVALID_PARAMETER_SYNTAX"),
    ],
)
async def test_an_amount_that_paypal_does_not_take_is_refused(
    merchant: Merchant, value: str, currency: str, status: int, issued: str
) -> None:
    assert issue(await merchant.order(value, currency)) == (status, issued)


@pytest.mark.parametrize(
    ("value", "currency", "journal"),
    [("50.10", "EUR", "50.10 EUR"), ("501", "JPY", "501 JPY"), ("501", "HUF", "501.00 HUF")],
)
async def test_amounts_are_paypals_and_journalled_in_the_units_of_iso(
    merchant: Merchant, value: str, currency: str, journal: str
) -> None:
    reference = fresh()
    held = await merchant.held(value=value, currency=currency, reference=reference)
    assert held["amount"]["value"] == value
    assert await merchant.story(reference) == [f"authorization {journal} approved at primary"]


async def test_a_repeated_request_id_shows_what_the_first_made_and_does_nothing(
    merchant: Merchant,
) -> None:
    held, key = await merchant.held(), fresh("capture")
    path = f"{_HELD}/{held['id']}/capture"
    first = await merchant.post(path, {"amount": euros("10.00")}, key=key)
    again = await merchant.post(path, {"amount": euros("10.00")}, key=key)
    assert again.json() == first.json()
    assert await merchant.story(key) == ["capture 10.00 EUR approved at primary"]
    # What was refused without an effect may be asked again, corrected.
    key = fresh("capture")
    assert (await merchant.post(path, {"amount": euros("99.00")}, key=key)).status_code == 422
    assert (await merchant.post(path, {"amount": euros("40.10")}, key=key)).status_code == 201


async def test_a_repeated_request_id_tells_the_present_state(merchant: Merchant) -> None:
    held, key = await merchant.held("capture_pending"), fresh("capture")
    path = f"{_HELD}/{held['id']}/capture"
    assert (await merchant.post(path, {}, key=key)).json()["status"] == "PENDING"

    async def completed() -> bool:
        return bool((await merchant.post(path, {}, key=key)).json()["status"] == "COMPLETED")

    await until(completed)
    assert await merchant.story(key) == ["capture 50.10 EUR approved at primary"]


async def test_without_prefer_only_the_least_is_told(merchant: Merchant) -> None:
    held = await merchant.held()
    answer = await merchant.post(f"{_HELD}/{held['id']}/capture", {}, whole=False)
    assert answer.json().keys() == {"id", "status", "links"}


async def test_another_account_sees_none_of_it(merchant: Merchant) -> None:
    held = await merchant.held()
    answer = await merchant.get(f"{_HELD}/{held['id']}", account="secondary")
    assert issue(answer) == (404, "INVALID_RESOURCE_ID")
