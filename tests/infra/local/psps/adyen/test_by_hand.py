"""What happens to a payment without the merchant's server, and methods that take money at once."""

from __future__ import annotations

import pytest

from tests.infra.local.psps.adyen.caller import BACK, TOKENS, Body, Caller, amount, fresh

IDEAL = {"type": "ideal", "storedPaymentMethodId": TOKENS.ok}


async def a_page(shop: Caller, method: str, **more: object) -> Body:
    body: Body = {
        "amount": amount(5010),
        "reference": f"{fresh()}:page:sale",
        "returnUrl": BACK,
        "allowedPaymentMethods": [method],
        **more,
    }
    answer = await shop.post("/v71/paymentLinks", body)
    made: Body = answer.json()
    return made


async def test_a_sale_is_taken_at_once_and_can_only_be_given_back(shop: Caller) -> None:
    reference = fresh()
    paid = (await shop.pay(reference=reference, paymentMethod=IDEAL)).json()
    assert paid["paymentMethod"] == {"brand": "ideal", "type": "ideal"}
    payment = paid["pspReference"]
    heard = await shop.notice("AUTHORISATION", payment)
    assert (heard["operations"], heard["paymentMethod"]) == (["REFUND"], "ideal")
    assert await shop.story(reference) == [
        "authorization 50.10 EUR approved at primary",
        "capture 50.10 EUR approved at primary",
    ]
    for how, event in (("captures", "CAPTURE"), ("cancels", "CANCELLATION")):
        made = await shop.modify(payment, how, 5010 if how == "captures" else None)
        assert (await shop.notice(event, made["pspReference"]))["success"] == "false"
    void = fresh("void")
    made = await shop.modify(payment, "reversals", reference=void)
    heard = await shop.notice("CANCEL_OR_REFUND", made["pspReference"])
    assert heard["additionalData"]["modification.action"] == "refund"
    assert await shop.story(void) == ["refund 50.10 EUR approved at primary"]


async def test_a_sale_that_is_asked_to_be_captured_later_is_refused(shop: Caller) -> None:
    later = {"manualCapture": "true"}
    answer = await shop.pay(paymentMethod=IDEAL, additionalData=later)
    assert (answer.status_code, answer.json()["errorCode"]) == (422, "14_012")
    assert (await a_page(shop, "ideal", manualCapture=True))["errorCode"] == "14_012"


async def test_a_sale_can_be_paid_on_adyens_page(shop: Caller) -> None:
    made = await a_page(shop, "blik")
    await shop.at.psp.answer(made["url"], "approve")
    [heard] = await shop.told_of(made["reference"])
    assert (heard["paymentMethod"], heard["operations"]) == ("blik", ["REFUND"])
    assert (await shop.story(made["reference"]))[1:] == ["capture 50.10 EUR approved at primary"]


@pytest.mark.parametrize(
    ("command", "event", "did"),
    [
        ("capture", "CAPTURE", "capture"),
        ("cancel", "CANCELLATION", "void"),
        ("reverse", "CANCEL_OR_REFUND", "void"),
        ("expire", "EXPIRE", "void"),
    ],
)
async def test_a_hold_may_be_ended_without_us(
    shop: Caller, command: str, event: str, did: str
) -> None:
    reference = fresh()
    payment = await shop.held(reference=reference)
    await shop.at.order(f"adyen/{command}", reference=reference)
    heard = await shop.notice(event, payment)
    assert (heard["merchantReference"], heard["originalReference"]) == (reference, payment)
    assert heard["success"] == "true"
    assert (await shop.story(reference))[1:] == [f"{did} 50.10 EUR approved at primary"]


async def test_money_that_was_taken_may_be_given_back_without_us(shop: Caller) -> None:
    reference = fresh()
    payment = await shop.held(reference=reference)
    await shop.at.order("adyen/capture", reference=reference)
    await shop.at.order("adyen/refund", reference=reference, value=1000)
    heard = await shop.notice("REFUND", payment)
    assert (heard["merchantReference"], heard["amount"]) == (reference, amount(1000))
    await shop.at.order("adyen/reverse", reference=reference)
    assert (await shop.story(reference))[2:] == [
        "refund 10.00 EUR approved at primary",
        "refund 40.10 EUR approved at primary",
    ]


async def test_a_bank_takes_money_back_and_gives_it_back_and_takes_it_again(shop: Caller) -> None:
    reference = fresh()
    payment = await shop.held(reference=reference)
    await shop.at.order("adyen/capture", reference=reference)
    found = []
    for command, event in (
        ("chargeback", "CHARGEBACK"),
        ("chargeback-reversed", "CHARGEBACK_REVERSED"),
        ("chargeback", "SECOND_CHARGEBACK"),
    ):
        await shop.at.order(f"adyen/{command}", reference=reference)
        found.append(await shop.notice(event, payment))
    assert {heard["originalReference"] for heard in found} == {payment}
    assert len({heard["pspReference"] for heard in found}) == 1


@pytest.mark.parametrize("command", ["capture", "cancel", "refund", "expire", "chargeback"])
async def test_nothing_is_done_to_a_payment_that_is_not_there(shop: Caller, command: str) -> None:
    url = f"/_control/adyen/{command}"
    for reference in ("", "in_none:authorize:1"):
        answer = await shop.at.http.post(url, json={"reference": reference})
        assert answer.status_code == 404


async def test_a_typed_refusal_may_be_ordered_and_does_nothing(shop: Caller) -> None:
    reference, refusal = fresh(), {"path": "/payments", "status": 500, "code": "905_1"}
    await shop.at.order("adyen/refusal", **refusal, kind="configuration")
    answer = await shop.pay(reference=reference, key=reference)
    assert answer.status_code == 500
    found = answer.json()
    assert (found["errorCode"], found["errorType"]) == ("905_1", "configuration")
    assert await shop.story(reference) == []
    assert (await shop.pay(reference=reference, key=reference)).status_code == 200
