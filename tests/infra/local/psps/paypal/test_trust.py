"""Who may ask: tokens that expire and are revoked. Whom to believe: signed webhooks."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from cryptography.exceptions import InvalidSignature

from infra.local.psps.base.profile import find
from tests.infra.local.psps.paypal.merchant import Merchant, fresh, issue
from tests.infra.local.psps.running import Heard

_ORDER = "/v2/checkout/orders/NONE"


async def _asks(merchant: Merchant, token: str | None) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return await merchant.at.http.get(_ORDER, headers=headers)


async def test_a_token_is_given_for_the_right_secret_alone(merchant: Merchant) -> None:
    given = await merchant.token()
    answer = given.json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 32_400)
    assert (await _asks(merchant, answer["access_token"])).status_code == 404
    wrong = await merchant.token(secret="wrong")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    credentials = merchant.at.credentials["primary"]
    both = (credentials["client_id"], credentials["client_secret"])
    grant = {"grant_type": "password"}
    other = await merchant.at.http.post("/v1/oauth2/token", data=grant, auth=both)
    assert (other.status_code, other.json()["error"]) == (400, "unsupported_grant_type")


async def test_a_request_without_a_token_is_refused(merchant: Merchant) -> None:
    answer = await _asks(merchant, None)
    assert (answer.status_code, answer.json()["name"]) == (401, "AUTHENTICATION_FAILURE")


async def test_an_expired_or_revoked_token_is_invalid(merchant: Merchant) -> None:
    await merchant.at.order("tokens", expires_in=0)
    expired = (await merchant.token()).json()
    assert expired["expires_in"] == 0
    answer = await _asks(merchant, expired["access_token"])
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    await merchant.at.order("tokens", expires_in=60)
    token = (await merchant.token()).json()["access_token"]
    assert (await _asks(merchant, token)).status_code == 404
    await merchant.at.order("tokens/revoke")
    merchant.tokens.clear()
    assert (await _asks(merchant, token)).json()["error"] == "invalid_token"
    again = (await merchant.token()).json()["access_token"]
    assert (await _asks(merchant, again)).status_code == 404


async def _delivered(merchant: Merchant, account: str = "primary") -> Heard:
    reference = fresh()
    await merchant.held(reference=reference, account=account)
    heard = await merchant.heard(f'"{reference}"', 2)
    return heard[0]


async def test_webhooks_are_signed_for_the_webhook_of_their_account(merchant: Merchant) -> None:
    heard = await _delivered(merchant, "secondary")
    await merchant.check_signature(heard, "secondary")
    with pytest.raises(InvalidSignature):
        await merchant.check_signature(heard, "primary")
    assert heard.headers["paypal-auth-algo"] == "SHA256withRSA"
    assert (await merchant.at.http.get("/v1/notifications/certs/CERT-none")).status_code == 404


def _question(merchant: Merchant, heard: Heard) -> dict[str, str]:
    names = {
        "auth_algo": "auth-algo",
        "cert_url": "cert-url",
        "transmission_id": "transmission-id",
        "transmission_sig": "transmission-sig",
        "transmission_time": "transmission-time",
    }
    fields = {name: heard.headers[f"paypal-{header}"] for name, header in names.items()}
    return {**fields, "webhook_id": merchant.at.credentials["primary"]["webhook_id"]}


async def _verified(
    merchant: Merchant, question: dict[str, str], event: bytes, account: str = "primary"
) -> str:
    body = orjson.dumps(question)[:-1] + b', "webhook_event": ' + event + b"}"
    headers = await merchant.headers(account) | {"Content-Type": "application/json"}
    path = "/v1/notifications/verify-webhook-signature"
    answer = await merchant.at.http.post(path, content=body, headers=headers)
    return str(answer.json().get("verification_status", answer.json().get("name")))


async def test_paypal_verifies_what_it_sent_byte_for_byte(merchant: Merchant) -> None:
    heard = await _delivered(merchant)
    asked = _question(merchant, heard)
    assert await _verified(merchant, asked, heard.body) == "SUCCESS"
    spaced = json.dumps(json.loads(heard.body)).encode()
    assert await _verified(merchant, asked, spaced) == "FAILURE"
    forged = heard.body.replace(b'"value":"50.10"', b'"value":"9050.10"')
    assert zlib.crc32(forged) != zlib.crc32(heard.body)
    assert await _verified(merchant, asked, forged) == "FAILURE"


@pytest.mark.parametrize(
    ("member", "wrong"),
    [
        ("webhook_id", "8PT597110X687430LKGECATA"),
        ("cert_url", "https://api.paypal.com/v1/notifications/certs/CERT-1"),
        ("auth_algo", "SHA1withRSA"),
        ("transmission_id", "another"),
        ("transmission_time", "2026-01-01T00:00:00Z"),
        ("transmission_sig", base64.b64encode(b"x" * 256).decode()),
        ("transmission_sig", "no base64"),
    ],
)
async def test_paypal_does_not_verify_what_it_did_not_send(
    merchant: Merchant, member: str, wrong: str
) -> None:
    heard = await _delivered(merchant)
    asked = _question(merchant, heard) | {member: wrong}
    assert await _verified(merchant, asked, heard.body) == "FAILURE"


async def test_one_account_cannot_verify_for_another(merchant: Merchant) -> None:
    heard = await _delivered(merchant)
    asked = _question(merchant, heard)
    assert await _verified(merchant, asked, heard.body, "secondary") == "FAILURE"
    del asked["webhook_id"]
    assert await _verified(merchant, asked, heard.body) == "VALIDATION_ERROR"


async def test_a_withheld_webhook_is_sent_later_under_its_own_id(merchant: Merchant) -> None:
    await merchant.at.order("webhooks", mode="withheld")
    reference = fresh()
    await merchant.held(reference=reference)
    webhooks = [each for each in await merchant.at.webhooks() if each["reference"] == reference]
    assert [each["state"] for each in webhooks] == ["withheld", "withheld"]
    await merchant.at.order(f"webhooks/{webhooks[0]['id']}/resend")
    [heard] = await merchant.heard(f'"{reference}"', 1)
    assert heard.message["id"] == webhooks[0]["id"]
    await merchant.check_signature(heard)


@pytest.mark.parametrize("fault", ["lost_after", "status_500_after"])
async def test_a_lost_answer_is_found_again_by_its_request_id(
    merchant: Merchant, fault: str
) -> None:
    held, key = await merchant.held(), fresh("capture")
    path = f"/v2/payments/authorizations/{held['id']}/capture"
    await merchant.at.order("faults", path="/capture$", fault=fault)
    try:
        assert (await merchant.post(path, {}, key=key)).status_code == 500
    except httpx.RemoteProtocolError:
        assert fault == "lost_after"
    assert (await merchant.post(path, {}, key=key)).json()["status"] == "COMPLETED"
    assert await merchant.story(key) == ["capture 50.10 EUR approved at primary"]


async def test_an_order_that_says_too_little_is_not_made(merchant: Merchant) -> None:
    unit = {"amount": {"currency_code": "EUR", "value": "1.00"}}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"purchase_units": [unit]}, "MISSING_REQUIRED_PARAMETER"),
        ({"intent": "LATER", "purchase_units": [unit]}, "INVALID_PARAMETER_VALUE"),
        ({"intent": "CAPTURE"}, "MISSING_REQUIRED_PARAMETER"),
        ({"intent": "AUTHORIZE"}, "MISSING_REQUIRED_PARAMETER"),
        ({"intent": "AUTHORIZE", "purchase_units": []}, "INVALID_ARRAY_MIN_ITEMS"),
        ({"intent": "AUTHORIZE", "purchase_units": [unit, unit]}, "INVALID_ARRAY_MAX_ITEMS"),
        (
            {"intent": "AUTHORIZE", "purchase_units": [unit | {"custom_id": "x" * 128}]},
            "INVALID_STRING_LENGTH",
        ),
    ]
    for body, issued in wrong:
        assert issue(await merchant.post("/v2/checkout/orders", body)) == (400, issued)
    headers = await merchant.headers("primary")
    body = {"intent": "AUTHORIZE", "purchase_units": [unit], "payment_source": {"paypal": {}}}
    without = await merchant.at.http.post("/v2/checkout/orders", json=body, headers=headers)
    assert issue(without) == (400, "PAYPAL_REQUEST_ID_REQUIRED")


def test_the_stage_tells_both_sides_the_same_secrets(tmp_path: Path) -> None:
    profile = find("paypal")
    made = profile.credentials(tmp_path)
    ours = json.loads(profile.plugin_environment(made, "http://x")["PAYSAGA_PAYPAL_ACCOUNTS"])
    more = {"url": "http://x", "webhook_verification": "api"}
    assert ours == {account: {**known, **more} for account, known in made.items()}
    assert made["primary"]["webhook_id"] != made["secondary"]["webhook_id"]
    assert profile.destinations is not None
    assert profile.destinations.returned is not None
