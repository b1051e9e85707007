"""Authorise, capture, cancel, reverse and refund, as Adyen does them."""

from __future__ import annotations

import pytest

from tests.infra.local.psps.adyen.caller import TOKENS, Caller, amount, fresh


async def test_an_authorisation_holds_until_a_webhook_tells_of_its_capture(shop: Caller) -> None:
    reference = fresh()
    answer = await shop.pay(reference=reference)
    payment = answer.json()
    assert (answer.status_code, payment["resultCode"]) == (200, "Authorised")
    assert payment["merchantReference"] == reference
    heard = await shop.notice("AUTHORISATION", payment["pspReference"])
    assert (heard["success"], heard["merchantReference"]) == ("true", reference)
    assert heard["amount"] == amount(5010)
    payment_id = reference.partition(":")[0]
    capture = await shop.modify(
        payment["pspReference"], "captures", 5010, reference=f"{payment_id}:capture"
    )
    assert await shop.story(payment_id) == ["authorization 50.10 EUR approved at primary"]
    heard = await shop.notice("CAPTURE", capture["pspReference"])
    assert (heard["success"], heard["originalReference"]) == ("true", payment["pspReference"])
    assert heard["merchantReference"] == f"{payment_id}:capture"
    assert (await shop.story(payment_id))[1:] == ["capture 50.10 EUR approved at primary"]


async def test_a_partial_capture_releases_the_rest(shop: Caller) -> None:
    reference = fresh("capture")
    payment = await shop.held(value=20_000, currency="JPY")
    made = await shop.modify(payment, "captures", 8_100, currency="JPY", reference=reference)
    await shop.notice("CAPTURE", made["pspReference"])
    assert await shop.story(reference) == [
        "capture 8100 JPY approved at primary",
        "void 11900 JPY approved at primary",
    ]
    again = await shop.modify(payment, "captures", 1, currency="JPY")
    heard = await shop.notice("CAPTURE", again["pspReference"])
    assert (heard["success"], heard["reason"]) == ("false", "Insufficient balance on payment")


async def test_of_two_captures_one_succeeds(shop: Caller) -> None:
    payment, reference = await shop.held(), fresh("capture")
    made = [
        await shop.modify(payment, "captures", 5010, reference=reference, key=fresh())
        for _ in range(2)
    ]
    heard = [await shop.notice("CAPTURE", each["pspReference"]) for each in made]
    assert [each["success"] for each in heard] == ["true", "false"]
    assert await shop.story(reference) == [
        "capture 50.10 EUR approved at primary",
        "capture 50.10 EUR declined at primary",
    ]


async def test_a_capture_that_the_scheme_rejects_leaves_the_hold(shop: Caller) -> None:
    payment, reference = await shop.held(TOKENS.capture_refused), fresh()
    made = await shop.modify(payment, "captures", 5010, key=reference)
    heard = await shop.notice("CAPTURE_FAILED", made["pspReference"])
    assert heard["originalReference"] == payment
    assert await shop.story(reference) == ["capture 50.10 EUR declined at primary"]
    void = await shop.modify(payment, "cancels")
    assert (await shop.notice("CANCELLATION", void["pspReference"]))["success"] == "true"


async def test_a_capture_may_fail_after_it_was_told_to_have_succeeded(shop: Caller) -> None:
    payment, reference = await shop.held("VISALATECAPTURE1"), fresh("capture")
    made = await shop.modify(payment, "captures", 5010, reference=reference)
    assert (await shop.notice("CAPTURE", made["pspReference"]))["success"] == "true"
    await shop.notice("CAPTURE_FAILED", made["pspReference"])
    assert await shop.story(reference) == ["capture 50.10 EUR declined at primary"]


async def test_a_cancel_gives_the_hold_back_once(shop: Caller) -> None:
    payment, reference = await shop.held(), fresh("void")
    made = await shop.modify(payment, "cancels", reference=reference)
    heard = await shop.notice("CANCELLATION", made["pspReference"])
    assert (heard["success"], heard["merchantReference"]) == ("true", reference)
    assert await shop.story(reference) == ["void 50.10 EUR approved at primary"]
    again = await shop.modify(payment, "cancels")
    assert (await shop.notice("CANCELLATION", again["pspReference"]))["success"] == "false"


async def test_a_payment_is_cancelled_by_its_own_reference(shop: Caller) -> None:
    reference, void = fresh(), fresh("void")
    payment = await shop.held(reference=reference)
    body = {"paymentReference": reference, "reference": void}
    made = (await shop.post("/v71/cancels", body)).json()
    heard = await shop.notice("TECHNICAL_CANCEL", made["pspReference"])
    assert (heard["success"], heard["originalReference"]) == ("true", payment)
    assert await shop.story(void) == ["void 50.10 EUR approved at primary"]


@pytest.mark.parametrize(("captured", "action"), [(False, "cancel"), (True, "refund")])
async def test_a_reversal_undoes_whatever_was_done(
    shop: Caller, captured: bool, action: str
) -> None:
    payment = await shop.taken() if captured else await shop.held()
    reference = fresh("reversal")
    made = await shop.modify(payment, "reversals", reference=reference)
    heard = await shop.notice("CANCEL_OR_REFUND", made["pspReference"])
    assert (heard["success"], heard["additionalData"]["modification.action"]) == ("true", action)
    word = "refund" if captured else "void"
    assert await shop.story(reference) == [f"{word} 50.10 EUR approved at primary"]


async def test_refunds_end_with_the_capture(shop: Caller) -> None:
    payment, reference = await shop.taken(), fresh("refund")
    first = await shop.modify(payment, "refunds", 2_000, reference=reference)
    assert (await shop.notice("REFUND", first["pspReference"]))["success"] == "true"
    beyond = await shop.modify(payment, "refunds", 3_011)
    heard = await shop.notice("REFUND", beyond["pspReference"])
    assert (heard["success"], heard["reason"]) == ("false", "Insufficient balance on payment")
    rest = await shop.modify(payment, "refunds", 3_010)
    assert (await shop.notice("REFUND", rest["pspReference"]))["success"] == "true"
    assert await shop.story(reference) == ["refund 20.00 EUR approved at primary"]


async def test_a_refund_may_be_refused_fail_later_or_come_back(shop: Caller) -> None:
    refused = await shop.modify(await shop.taken("VISAREFUNDREFUSE"), "refunds", 5010)
    assert (await shop.notice("REFUND", refused["pspReference"]))["success"] == "false"

    failed_later = fresh("refund")
    payment = await shop.taken("VISAREFUNDFAILS1")
    failing = await shop.modify(payment, "refunds", 5010, reference=failed_later)
    assert (await shop.notice("REFUND", failing["pspReference"]))["success"] == "true"
    await shop.notice("REFUND_FAILED", failing["pspReference"])
    assert await shop.story(failed_later) == ["refund 50.10 EUR declined at primary"]

    returned = fresh("refund")
    back = await shop.modify(await shop.taken(), "refunds", 5010, reference=returned)
    await shop.notice("REFUND", back["pspReference"])
    await shop.at.order("adyen/refund-reversed", reference=returned)
    heard = await shop.notice("REFUNDED_REVERSED", back["pspReference"])
    assert (heard["success"], heard["merchantReference"]) == ("true", returned)
    assert await shop.story(returned) == [
        "refund 50.10 EUR approved at primary",
        "refund 50.10 EUR declined at primary",
    ]


async def test_an_authorisation_is_adjusted(shop: Caller) -> None:
    payment, reference = await shop.held(), fresh("adjust")
    made = await shop.modify(payment, "amountUpdates", 6_000, reference=reference)
    heard = await shop.notice("AUTHORISATION_ADJUSTMENT", made["pspReference"])
    assert heard["success"] == "true"
    assert await shop.story(reference) == ["authorization 9.90 EUR approved at primary"]
    taken = await shop.modify(payment, "captures", 6_000)
    assert (await shop.notice("CAPTURE", taken["pspReference"]))["success"] == "true"


async def test_a_capture_may_be_asked_for_with_the_authorisation(shop: Caller) -> None:
    reference = fresh()
    payment = await shop.held(reference=reference, captureDelayHours=0)
    assert (await shop.story(reference))[1:] == ["capture 50.10 EUR approved at primary"]
    refund = await shop.modify(payment, "refunds", 5010)
    assert (await shop.notice("REFUND", refund["pspReference"]))["success"] == "true"
    assert not [
        each
        for each in shop.items()
        if each["eventCode"] == "CAPTURE" and each.get("originalReference") == payment
    ]


@pytest.mark.parametrize(
    ("value", "currency", "journal"),
    [
        (5010, "EUR", "50.10 EUR"),
        (501, "JPY", "501 JPY"),
        (45_605, "KWD", "45.605 KWD"),
        # No decimals in ISO 4217, two at Adyen; two in ISO 4217, none at Adyen.
        (50_100, "ISK", "501 ISK"),
        (501, "CVE", "501.00 CVE"),
    ],
)
async def test_amounts_are_adyens_units_and_journalled_in_those_of_iso(
    shop: Caller, value: int, currency: str, journal: str
) -> None:
    reference = fresh()
    await shop.held(value=value, currency=currency, reference=reference)
    assert await shop.story(reference) == [f"authorization {journal} approved at primary"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (amount(0), "137"),
        (amount(-1), "137"),
        ({"value": "5010", "currency": "EUR"}, "137"),
        ({"value": 50.1, "currency": "EUR"}, "137"),
        (amount(50_150, "ISK"), "137"),
        (amount(100, "XYZ"), "138"),
        (None, "100"),
    ],
)
async def test_an_amount_that_adyen_does_not_take_is_refused(
    shop: Caller, wrong: object, code: str
) -> None:
    reference = fresh()
    answer = await shop.pay(reference=reference, amount=wrong)
    assert (answer.status_code, answer.json()["errorCode"]) == (422, code)
    assert await shop.story(reference) == []
