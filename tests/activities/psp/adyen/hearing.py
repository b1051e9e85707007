"""Adyen's deliveries, signed as it signs, and hearing them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from activities.psp.contract import Delivery, WebhookRefused, WebhookRequest
from activities.psp.plugins.adyen.certification.suite import MERCHANT, settings_at, signature
from activities.psp.plugins.adyen.settings import AdyenSettings
from activities.psp.plugins.adyen.webhooks import Ear
from tests.activities.psp.adyen.far import PAYMENT

KEY = hashlib.sha256(b"certified").hexdigest()
OTHER_KEY = hashlib.sha256(b"another account").hexdigest()
AUTHORIZATION = settings_at("http://127.0.0.1:1").account("casino-eu").authorization or ""


def item(code: str, reference: str = "in_1:authorize:1", **other: Any) -> dict[str, Any]:
    return {
        "amount": {"currency": "EUR", "value": 5000},
        "eventCode": code,
        "eventDate": "2026-03-01T13:00:00+01:00",
        "merchantAccountCode": MERCHANT,
        "merchantReference": reference,
        "originalReference": PAYMENT,
        "pspReference": "QB7M3KVT65ZGN82W",
        "success": "true",
        **other,
    }


def signed(*items: dict[str, Any], key: str = KEY) -> bytes:
    for each in items:
        each["additionalData"] = {**each.get("additionalData", {})}
        each["additionalData"]["hmacSignature"] = signature(each, key)
    return delivered(*items)


def delivered(*items: dict[str, Any]) -> bytes:
    wrapped = [{"NotificationRequestItem": each} for each in items]
    return json.dumps({"live": "false", "notificationItems": wrapped}).encode()


def hear(body: bytes, settings: AdyenSettings | None = None, **headers: str) -> Delivery:
    all_headers = {"authorization": AUTHORIZATION} | headers
    ear = Ear((settings or settings_at("http://127.0.0.1:1")).accounts)
    return ear.hear(WebhookRequest(all_headers, body, 0.0))


def refusal(body: bytes, settings: AdyenSettings | None = None, **headers: str) -> str:
    with pytest.raises(WebhookRefused) as refused:
        hear(body, settings, **headers)
    return f"{refused.value.status} {refused.value.rule}"


def told_by(*items: dict[str, Any]) -> Any:
    (event,) = hear(signed(*items)).events
    return event


def two_accounts(**other: Any) -> AdyenSettings:
    account = settings_at("http://127.0.0.1:1").account("casino-eu").model_dump()
    none = dict.fromkeys(
        ("webhook_username", "webhook_password", "transfer_url", "transfer_key")
        + ("balance_account", "transfer_hmac_key", "report_url", "report_key")
    )
    second = {**account, **none, "merchant_account": "SecondEU", "api_key": "AQE_second"}
    second |= {"hmac_key": OTHER_KEY, **other}
    return AdyenSettings.model_validate({"accounts": {"casino-eu": account, "second": second}})
