"""Authorize, capture, cancel and refund, as Stripe does them."""

from __future__ import annotations

import pytest

from tests.infra.local.psps.running import until
from tests.infra.local.psps.stripe_caller import Caller, fresh


async def test_an_authorization_holds_until_it_is_captured(merchant: Caller) -> None:
    key = fresh()
    held = (await merchant.authorize(key=key, metadata__intent="in_x")).json()
    assert (held["status"], held["amount_capturable"]) == ("requires_capture", 5010)
    assert held["metadata"] == {"intent": "in_x"}
    path = f"/payment_intents/{held['id']}"
    taken = (await merchant.post(f"{path}/capture", key=key.replace("authorize", "capture"))).json()
    assert (taken["status"], taken["amount_received"]) == ("succeeded", 5010)
    assert (await merchant.get(path)).json() == taken
    assert await merchant.at.psp.story(key.partition(":")[0]) == [
        "authorization 50.10 EUR approved at primary",
        "capture 50.10 EUR approved at primary",
    ]
    assert [each["type"] for each in await merchant.events(held["id"], 5)] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "charge.captured",
        "payment_intent.succeeded",
    ]


async def test_a_partial_capture_releases_the_rest(merchant: Caller) -> None:
    key = fresh()
    held = (await merchant.authorize(key=key, amount="20000", currency="jpy")).json()
    path = f"/payment_intents/{held['id']}"
    beyond = await merchant.post(f"{path}/capture", amount_to_capture="20001")
    assert beyond.json()["error"]["code"] == "amount_too_large"
    taken = await merchant.post(
        f"{path}/capture", key=key.replace("authorize", "capture"), amount_to_capture="8100"
    )
    assert taken.json()["amount_received"] == 8100
    assert (await merchant.at.psp.story(key.partition(":")[0]))[1:] == [
        "capture 8100 JPY approved at primary",
        "void 11900 JPY approved at primary",
    ]
    again = await merchant.post(f"{path}/cancel")
    assert again.status_code == 400
    assert again.json()["error"]["code"] == "payment_intent_unexpected_state"
    assert again.json()["error"]["payment_intent"]["status"] == "succeeded"


async def test_a_cancel_gives_the_hold_back_once(merchant: Caller) -> None:
    key = fresh("void")
    held = (await merchant.authorize()).json()
    path = f"/payment_intents/{held['id']}"
    gone = await merchant.post(
        f"{path}/cancel", key=key, cancellation_reason="requested_by_customer"
    )
    assert (gone.json()["status"], gone.json()["amount_capturable"]) == ("canceled", 0)
    assert await merchant.at.psp.story(key) == ["void 50.10 EUR approved at primary"]
    for late in ("cancel", "capture", "confirm"):
        assert (await merchant.post(f"{path}/{late}")).status_code == 400
    events = await merchant.events(held["id"], 5)
    # Released, and called refunded: no money came back, for none was taken.
    assert [each["type"] for each in events][3:] == ["charge.refunded", "payment_intent.canceled"]
    assert events[3]["data"]["object"]["captured"] is False


async def test_a_refused_capture_leaves_the_hold(merchant: Caller) -> None:
    key = fresh("capture")
    held = (await merchant.authorize("pm_card_lookalikeCaptureRefused")).json()
    refused = await merchant.post(f"/payment_intents/{held['id']}/capture", key=key)
    assert refused.status_code == 402
    assert refused.json()["error"]["payment_intent"]["status"] == "requires_capture"
    assert await merchant.at.psp.story(key) == ["capture 50.10 EUR declined at primary"]
    assert (await merchant.post(f"/payment_intents/{held['id']}/cancel")).status_code == 200


async def test_refunds_end_with_the_capture(merchant: Caller) -> None:
    taken = await merchant.captured()
    key = fresh("refund")
    first = await merchant.post(
        "/refunds", key=key, payment_intent=taken["id"], amount="2000", metadata__refund="re_x"
    )
    assert (first.json()["status"], first.json()["metadata"]) == ("succeeded", {"refund": "re_x"})
    beyond = await merchant.post("/refunds", payment_intent=taken["id"], amount="3011")
    assert (beyond.status_code, beyond.json()["error"]["param"]) == (400, "amount")
    rest = await merchant.post("/refunds", charge=taken["latest_charge"])
    assert rest.json()["amount"] == 3010
    none_left = await merchant.post("/refunds", payment_intent=taken["id"])
    assert none_left.json()["error"]["code"] == "charge_already_refunded"
    assert await merchant.at.psp.story(key) == ["refund 20.00 EUR approved at primary"]
    listed = (await merchant.get("/refunds", payment_intent=taken["id"])).json()["data"]
    assert [each["id"] for each in listed] == [rest.json()["id"], first.json()["id"]]
    assert (await merchant.get(f"/refunds/{first.json()['id']}")).json() == first.json()


async def test_a_hold_cannot_be_refunded(merchant: Caller) -> None:
    held = (await merchant.authorize()).json()
    assert (await merchant.post("/refunds", payment_intent=held["id"])).status_code == 400


@pytest.mark.parametrize(
    ("method", "at_first", "at_last"),
    [
        ("pm_card_pendingRefund", "pending", "succeeded"),
        ("pm_card_refundFail", "succeeded", "failed"),
        ("pm_card_lookalikePendingRefundFails", "pending", "failed"),
    ],
)
async def test_a_refund_may_end_otherwise_than_it_began(
    merchant: Caller, method: str, at_first: str, at_last: str
) -> None:
    taken, key = await merchant.captured(method), fresh("refund")
    made = (await merchant.post("/refunds", key=key, payment_intent=taken["id"])).json()
    assert made["status"] == at_first

    async def ended() -> bool:
        now = (await merchant.get(f"/refunds/{made['id']}")).json()
        return bool(now["status"] == at_last)

    await until(ended)
    word = "approved" if at_last == "succeeded" else "declined"
    assert await merchant.at.psp.story(key) == [f"refund 50.10 EUR {word} at primary"]
    events = await merchant.events(made["id"], 3 if at_last == "succeeded" else 4)
    failed = ["refund.failed"] if at_last == "failed" else []
    types = [each["type"] for each in events]
    assert types == ["refund.created", *failed, "refund.updated", "charge.refund.updated"]
    assert events[-1]["data"]["object"]["status"] == at_last
    again = await merchant.post("/refunds", payment_intent=taken["id"])
    assert again.status_code == (200 if at_last == "failed" else 400)


@pytest.mark.parametrize(
    ("amount", "currency", "journal"),
    [
        ("5010", "eur", "50.10 EUR"),
        ("501", "jpy", "501 JPY"),
        ("45610", "kwd", "45.610 KWD"),
        # No decimals in ISO 4217, two at Stripe; two in ISO 4217, none at Stripe.
        ("50100", "isk", "501 ISK"),
        ("7", "mga", "7.00 MGA"),
    ],
)
async def test_amounts_are_stripes_units_and_journalled_in_those_of_iso(
    merchant: Caller, amount: str, currency: str, journal: str
) -> None:
    key = fresh()
    answer = await merchant.authorize(key=key, amount=amount, currency=currency)
    assert answer.json()["amount"] == int(amount)
    assert await merchant.at.psp.story(key) == [f"authorization {journal} approved at primary"]


@pytest.mark.parametrize(
    ("amount", "currency", "param"),
    [
        ("45605", "kwd", "amount"),
        ("50150", "isk", "amount"),
        ("50.10", "eur", "amount"),
        ("0", "eur", "amount"),
        ("100", "xyz", "currency"),
    ],
)
async def test_an_amount_that_stripe_does_not_take_is_refused(
    merchant: Caller, amount: str, currency: str, param: str
) -> None:
    key = fresh()
    answer = await merchant.authorize(key=key, amount=amount, currency=currency)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert await merchant.at.psp.story(key) == []
    # Nothing was executed: the key is free for the corrected request.
    assert (await merchant.authorize(key=key)).status_code == 200


async def test_balance_transactions_tell_what_moved(merchant: Caller) -> None:
    taken = await merchant.captured("pm_card_refundFail", amount="7777")
    made = (await merchant.post("/refunds", payment_intent=taken["id"])).json()
    await merchant.events(made["id"], 4)
    charged = await merchant.get("/balance_transactions", source=taken["latest_charge"])
    [charge] = charged.json()["data"]
    assert (charge["type"], charge["amount"]) == ("charge", 7777)
    assert charge["net"] == charge["amount"] - charge["fee"]
    assert sum(fee["amount"] for fee in charge["fee_details"]) == charge["fee"] > 0
    refunded = (await merchant.get("/balance_transactions", source=made["id"])).json()["data"]
    moved = [(each["type"], each["amount"]) for each in refunded]
    assert moved == [("refund_failure", 7777), ("refund", -7777)]
    other = await merchant.get("/balance_transactions", account="secondary", source=made["id"])
    assert other.json()["data"] == []
