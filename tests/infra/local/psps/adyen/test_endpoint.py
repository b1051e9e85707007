"""Who may ask, what may be asked, what was asked before."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import Adyen
import httpx
import pytest

from tests.infra.local.psps.adyen.caller import PROFILE, Caller, amount, fresh


async def test_the_same_request_under_a_key_is_done_once(shop: Caller) -> None:
    for token in ("VISAAPPROVED0001", "VISASTOLENCARD01"):
        reference = fresh()
        first = await shop.pay(token, key=reference, reference=reference)
        again = await shop.pay(token, key=reference, reference=reference)
        assert first.content == again.content
        assert first.headers["idempotency-key"] == again.headers["idempotency-key"] == reference
        assert len(await shop.story(reference)) == 1
    assert "idempotency-key" not in (await shop.pay()).headers


async def test_another_request_under_a_key_is_refused(shop: Caller) -> None:
    reference = fresh()
    await shop.pay(key=reference, reference=reference)
    other = await shop.pay(key=reference, reference=reference, amount=amount(1))
    assert (other.status_code, other.json()["errorCode"]) == (422, "704")
    assert len(await shop.story(reference)) == 1


async def test_a_modification_without_a_reference_is_journalled_under_its_key(shop: Caller) -> None:
    reference, key = fresh(), fresh("capture")
    payment = await shop.held(reference=reference)
    made = await shop.modify(payment, "captures", 5010, key=key)
    again = await shop.modify(payment, "captures", 5010, key=key)
    assert again == made
    heard = await shop.notice("CAPTURE", made["pspReference"])
    assert heard["merchantReference"] == reference
    assert await shop.story(key) == ["capture 50.10 EUR approved at primary"]


async def test_a_lost_answer_is_found_again_under_its_key(shop: Caller) -> None:
    reference = fresh()
    await shop.at.order("faults", method="POST", path="payments$", fault="lost_after")
    with pytest.raises(httpx.RemoteProtocolError):
        await shop.pay(key=reference, reference=reference)
    again = (await shop.pay(key=reference, reference=reference)).json()
    heard = await shop.notice("AUTHORISATION", again["pspReference"])
    assert heard["merchantReference"] == reference
    assert len(await shop.story(reference)) == 1


async def test_a_key_is_at_most_64_characters(shop: Caller) -> None:
    assert (await shop.pay(key="k" * 64)).status_code == 200
    assert (await shop.pay(key="k" * 65)).status_code == 400


@pytest.mark.parametrize(
    ("fault", "status", "transient"),
    [
        ("status_409", 409, "true"),
        ("status_429", 429, "true"),
        ("status_503", 503, "true"),
        ("status_500_before", 500, None),
    ],
)
async def test_faults_speak_as_adyen_does(
    shop: Caller, fault: str, status: int, transient: str | None
) -> None:
    await shop.at.order("faults", fault=fault)
    met = await shop.pay()
    assert (met.status_code, met.json()["status"]) == (status, status)
    assert met.headers.get("transient-error") == transient


async def test_a_wrong_key_is_nobodys_and_a_right_one_has_one_account(shop: Caller) -> None:
    for headers in ({}, {"X-API-Key": ""}, {"X-API-Key": "AQEnone"}):
        answer = await shop.at.http.post("/v71/payments", json={}, headers=headers)
        assert answer.status_code == 401
        assert answer.json() == {
            "status": 401,
            "errorCode": "000",
            "message": "HTTP Status Response - Unauthorized",
            "errorType": "security",
        }
    other = await shop.pay(merchantAccount=shop.name("secondary"))
    assert (other.status_code, other.json()["errorCode"]) == (403, "901")
    payment = await shop.held()
    body = {"amount": amount(5010)}
    path = f"/v71/payments/{payment}/captures"
    answer = await shop.post(path, body, account="secondary")
    assert (answer.status_code, answer.json()["errorCode"]) == (422, "167")


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"colour": "red"}, 400, "702"),
        ({"reference": ""}, 422, "130"),
        ({"returnUrl": None}, 422, "14_030"),
        ({"shopperReference": None}, 422, "130"),
        ({"paymentMethod": None}, 422, "14_004"),
        ({"paymentMethod": {"type": "scheme"}}, 422, "14_004"),
        ({"paymentMethod": {"storedPaymentMethodId": "NOSUCHCARD000001"}}, 422, "803"),
    ],
)
async def test_what_adyen_does_not_take_is_refused(
    shop: Caller, wrong: dict[str, Any], status: int, code: str
) -> None:
    answer = await shop.pay(**wrong)
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)


async def test_what_is_no_json_is_refused_and_not_repeated(shop: Caller) -> None:
    headers = {"X-API-Key": shop.at.credentials["primary"]["api_key"]}
    for content in (b"secret", b'["secret"]'):
        answer = await shop.at.http.post("/v71/payments", content=content, headers=headers)
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "702")
        assert "secret" not in answer.text


async def test_a_capture_in_another_currency_is_refused(shop: Caller) -> None:
    payment = await shop.held()
    body = {"amount": amount(5010, "USD")}
    assert (await shop.post(f"/v71/payments/{payment}/captures", body)).status_code == 422


async def test_adyens_own_library_gets_along_with_it(shop: Caller) -> None:
    def play() -> tuple[str, str, str]:
        client = Adyen.Adyen(
            xapikey=shop.at.credentials["primary"]["api_key"],
            platform="test",
            http_force="requests",
        )
        checkout = client.checkout
        for api in (checkout.payments_api, checkout.modifications_api):
            api.baseUrl = f"{shop.at.url}/v71"
        asked = {
            "merchantAccount": shop.name(),
            "amount": amount(5010),
            "reference": fresh(),
            "returnUrl": "https://casino.example/back",
            "shopperReference": "pl_1",
            "paymentMethod": {"type": "scheme", "storedPaymentMethodId": "VISAAPPROVED0001"},
        }
        paid = checkout.payments_api.payments(asked, idempotency_key=fresh())
        body = {"merchantAccount": shop.name(), "amount": amount(5010)}
        taken = checkout.modifications_api.capture_authorised_payment(
            body, paid.message["pspReference"]
        )
        with pytest.raises(Adyen.AdyenAPIUnprocessableEntity) as refused:
            checkout.modifications_api.capture_authorised_payment(body, "NOSUCHPAYMENT001")
        code = str(refused.value.error_code)
        return paid.message["resultCode"], taken.message["status"], code

    assert await asyncio.to_thread(play) == ("Authorised", "received", "167")


def test_the_stage_tells_both_sides_the_same_secrets(tmp_path: Path) -> None:
    made = PROFILE.credentials(tmp_path)
    assert len(bytes.fromhex(made["primary"]["hmac_key"])) == 32
    ours = json.loads(PROFILE.plugin_environment(made, "http://x")["PAYSAGA_ADYEN_ACCOUNTS"])
    of_before = ("store_payout_key", "review_payout_key")
    assert ours["secondary"] == {
        **{name: text for name, text in made["secondary"].items() if name not in of_before},
        "url": "http://x/v71",
        "transfer_url": "http://x/btl/v4",
    }
    assert PROFILE.webhook_path == "/webhooks/adyen"
