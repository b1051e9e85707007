"""Payouts: accepted, worked off, claimed or not; and what moved the balance, in the report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from infra.local.psps.paypal import receivers
from tests.infra.local.psps.paypal.merchant import Merchant, fresh

_ITEM = "PAYMENT.PAYOUTS-ITEM"


async def test_a_payout_is_accepted_and_then_paid(merchant: Merchant) -> None:
    key = fresh("payout")
    answer = await merchant.pay_out(receivers.OK, key=key)
    batch = answer.json()
    assert (answer.status_code, batch["batch_header"]["batch_status"]) == (201, "PENDING")
    assert await merchant.story(key) == []
    item = await merchant.item_of(batch, "SUCCESS")
    alone = (await merchant.get(f"/v1/payments/payouts-item/{item['payout_item_id']}")).json()
    assert alone["transaction_status"] == "SUCCESS"
    assert alone["payout_item"]["sender_item_id"] == key
    assert await merchant.story(key) == ["payout 45.60 EUR approved at primary"]
    id_ = batch["batch_header"]["payout_batch_id"]
    assert await merchant.events(id_, 3) == [
        "PAYMENT.PAYOUTSBATCH.PROCESSING",
        f"{_ITEM}.SUCCEEDED",
        "PAYMENT.PAYOUTSBATCH.SUCCESS",
    ]


async def test_a_second_batch_of_the_same_name_is_refused_and_points_to_the_first(
    merchant: Merchant,
) -> None:
    key, name = fresh("payout"), fresh("batch")
    first = (await merchant.pay_out(receivers.OK, key=key, batch=name)).json()
    second = await merchant.pay_out(receivers.OK, key=key, batch=name)
    assert (second.status_code, second.json()["name"]) == (400, "USER_BUSINESS_ERROR")
    [detail] = second.json()["details"]
    assert detail["issue"] == "Batch with given sender_batch_id already exists"
    assert detail["link"][0]["href"].endswith(first["batch_header"]["payout_batch_id"])
    await merchant.item_of(first, "SUCCESS")
    assert await merchant.story(key) == ["payout 45.60 EUR approved at primary"]


async def test_a_locked_account_cannot_be_paid(merchant: Merchant) -> None:
    key = fresh("payout")
    batch = (await merchant.pay_out(receivers.CLOSED, key=key)).json()
    item = await merchant.item_of(batch, "FAILED")
    assert item["errors"]["name"] == "RECEIVER_ACCOUNT_LOCKED"
    assert await merchant.story(key) == ["payout 45.60 EUR declined at primary"]
    assert f"{_ITEM}.FAILED" in await merchant.events(key, 1)


async def test_a_batch_of_receivers_that_do_not_exist_is_denied(merchant: Merchant) -> None:
    batch = (await merchant.pay_out("nobody")).json()
    item = await merchant.item_of(batch, "FAILED")
    assert item["errors"]["name"] == "RECEIVER_ACCOUNT_INVALID"
    types = await merchant.events(batch["batch_header"]["payout_batch_id"], 3)
    assert types[-1] == "PAYMENT.PAYOUTSBATCH.DENIED"


async def test_an_unclaimed_item_is_claimed_returned_or_taken_back(merchant: Merchant) -> None:
    for ending, status, event, word in (
        ("claim", "SUCCESS", "SUCCEEDED", "approved"),
        ("return", "RETURNED", "RETURNED", "declined"),
        ("cancel", "RETURNED", "CANCELED", "declined"),
    ):
        key = fresh("payout")
        batch = (await merchant.pay_out(receivers.UNCLAIMED, key=key)).json()
        item = await merchant.item_of(batch, "UNCLAIMED")
        assert await merchant.story(key) == []
        own = f"/v1/payments/payouts-item/{item['payout_item_id']}"
        if ending == "cancel":
            assert (await merchant.post(f"{own}/cancel")).status_code == 200
            again = await merchant.post(f"{own}/cancel")
            assert again.json()["name"] == "ITEM_ALREADY_CANCELLED"
        else:
            await merchant.at.order(f"payouts-item/{item['payout_item_id']}/{ending}")
        assert (await merchant.get(own)).json()["transaction_status"] == status
        assert await merchant.events(key, 2) == [f"{_ITEM}.UNCLAIMED", f"{_ITEM}.{event}"]
        assert await merchant.story(key) == [f"payout 45.60 EUR {word} at primary"]


async def test_what_nobody_claims_comes_back_by_itself(merchant: Merchant) -> None:
    key = fresh("payout")
    batch = (await merchant.pay_out(receivers.RETURNED, key=key)).json()
    await merchant.item_of(batch, "RETURNED")
    assert await merchant.events(key, 2) == [f"{_ITEM}.UNCLAIMED", f"{_ITEM}.RETURNED"]
    assert await merchant.story(key) == ["payout 45.60 EUR declined at primary"]


async def test_an_item_on_hold_can_be_released_but_not_cancelled(merchant: Merchant) -> None:
    key = fresh("payout")
    batch = (await merchant.pay_out(receivers.HELD, key=key)).json()
    item = await merchant.item_of(batch, "ONHOLD")
    own = f"/v1/payments/payouts-item/{item['payout_item_id']}"
    assert (await merchant.post(f"{own}/cancel")).json()["name"] == "ITEM_INCORRECT_STATUS"
    await merchant.at.order(f"payouts-item/{item['payout_item_id']}/release")
    assert await merchant.events(key, 2) == [f"{_ITEM}.HELD", f"{_ITEM}.SUCCEEDED"]
    ended = await merchant.at.http.post(f"/_control/payouts-item/{item['payout_item_id']}/claim")
    assert ended.status_code == 409


async def test_a_payout_that_says_too_little_is_not_accepted(merchant: Merchant) -> None:
    assert (await merchant.pay_out(receivers.OK, value="45.605")).status_code == 400
    assert (await merchant.pay_out("")).json()["details"][0]["field"] == "items[0].receiver"
    wrong: list[dict[str, Any]] = [{}, {"sender_batch_header": {}, "items": []}]
    for body in wrong:
        answer = await merchant.post("/v1/payments/payouts", body)
        assert (answer.status_code, answer.json()["name"]) == (400, "VALIDATION_ERROR")
    assert (await merchant.get("/v1/payments/payouts/NONE")).status_code == 404
    assert (await merchant.get("/v1/payments/payouts-item/NONE")).status_code == 404


async def test_the_report_tells_what_moved_the_balance(merchant: Merchant) -> None:
    taken = await merchant.captured(value="100.00", reference=fresh())
    refund = await merchant.post(f"/v2/payments/captures/{taken['id']}/refund", {})
    batch = (await merchant.pay_out(receivers.RETURNED)).json()
    item = await merchant.item_of(batch, "RETURNED")
    moved = {
        each["transaction_event_code"]: (
            each["transaction_amount"]["value"],
            each.get("fee_amount", {}).get("value"),
        )
        for about in (taken["id"], item["transaction_id"])
        for each in await _reported(merchant, transaction_id=about)
    }
    assert moved == {
        "T0006": ("100.00", "-2.90"),
        "T1107": ("-100.00", None),
        "T0001": ("-45.60", "-0.91"),
        "T1115": ("45.60", "0.91"),
    }
    [line] = await _reported(merchant, transaction_id=refund.json()["id"])
    assert (line["paypal_reference_id"], line["paypal_reference_id_type"]) == (taken["id"], "TXN")


async def test_the_report_comes_by_pages_and_for_a_month_at_most(merchant: Merchant) -> None:
    for _ in range(3):
        await merchant.captured(currency="CAD")
    first = await _report(merchant, transaction_currency="CAD", page_size="2")
    report = first.json()
    assert (len(report["transaction_details"]), report["total_items"], report["total_pages"]) == (
        2,
        3,
        2,
    )
    last = await _report(merchant, transaction_currency="CAD", page_size="2", page="2")
    assert len(last.json()["transaction_details"]) == 1
    nothing = await _report(merchant, transaction_currency="PLN")
    assert "transaction_details" not in nothing.json()
    far = await _report(merchant, start_date="2020-01-01T00:00:00Z")
    assert far.status_code == 400
    query = _dates() | {"transaction_currency": "CAD"}
    other = await merchant.get("/v1/reporting/transactions", account="secondary", **query)
    assert other.json()["total_items"] == 0


async def _reported(merchant: Merchant, **query: str) -> list[dict[str, Any]]:
    report = (await _report(merchant, **query)).json()
    return [each["transaction_info"] for each in report["transaction_details"]]


async def _report(merchant: Merchant, **query: str) -> httpx.Response:
    return await merchant.get("/v1/reporting/transactions", **{**_dates(), **query})


def _dates() -> dict[str, str]:
    now = datetime.now(UTC).replace(microsecond=0)
    hour = timedelta(hours=1)
    return {"start_date": (now - hour).isoformat(), "end_date": (now + hour).isoformat()}
