"""Adyen's side of the wire, for the certification suite."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from activities.psp.certification import Canned, Counted, Heard, Signed, Verdict
from activities.psp.contract import Adapter
from workflows.domain.money import Money
from workflows.domain.psp import COMPLETE, MerchantAccount, Operation

from .adapter import AdyenAdapter
from .settings import AdyenSettings

MERCHANT = "CertifiedEU"
CHECKOUT, PAYOUT = "/v71", "/pal/servlet/Payout/v68"

_SIGNED = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference")
_AT_ONCE = (
    Verdict.DECLINED,
    Verdict.DECLINED_UNMAPPED,
    Verdict.PENDING,
    Verdict.UNHEARD_OF,
    Verdict.BUSY,
)
_OF_ANOTHER = (Verdict.MISMATCHED, Verdict.OTHER_AMOUNT, Verdict.OTHER_CURRENCY)
_RESULTS = {
    Verdict.DECLINED: {
        "resultCode": "Refused",
        "refusalReason": "Not enough balance",
        "refusalReasonCode": "12",
    },
    Verdict.DECLINED_UNMAPPED: {
        "resultCode": "Refused",
        "refusalReason": "Added next year",
        "refusalReasonCode": "99",
    },
    Verdict.PENDING: {"resultCode": "Pending"},
    Verdict.UNHEARD_OF: {"resultCode": "UnderReview"},
}
_FAULTS = {Verdict.DECLINED: "137", Verdict.DECLINED_UNMAPPED: "999_9"}


class AdyenCertification:
    def __init__(self) -> None:
        self._settings = settings_at("http://127.0.0.1:1")
        self._held: dict[str, Any] = {"currency": "EUR", "value": 5000}
        """What was asked for last: going on with an authorization names no amount."""

    @property
    def account(self) -> MerchantAccount:
        return MerchantAccount("adyen", "casino-eu")

    @property
    def secrets(self) -> Sequence[str]:
        account = self._settings.account("casino-eu")
        return [secret for _, secret in account.secrets]

    @property
    def examples(self) -> Path:
        return Path(__file__).with_name("examples")

    def connect(self, base_url: str) -> Adapter:
        return AdyenAdapter(settings_at(base_url))

    def answers(self, operation: str) -> Collection[Verdict]:
        """Only an authorization is ever approved at once; all else is promised."""
        if operation in (Operation.AUTHORIZE, COMPLETE):
            return (Verdict.APPROVED, *_OF_ANOTHER, *_AT_ONCE)
        if operation == Operation.VOID:
            # It names no amount.
            return (Verdict.MISMATCHED, *_AT_ONCE)
        return _AT_ONCE if operation == Operation.PAYOUT else (*_OF_ANOTHER, *_AT_ONCE)

    def answer(self, request: Heard, verdict: Verdict) -> Canned:
        path, body = urlsplit(request.path).path, json.loads(request.body or b"{}")
        if verdict is Verdict.BUSY:
            return _fault("000", status=429)
        if path.startswith(PAYOUT):
            return _payout(path, verdict)
        if path.endswith(("/payments", "/details")):
            self._held = body.get("amount", self._held)
            return _payment(body, verdict, self._held)
        return _modification(path, body, verdict)

    def before(self, request: Heard) -> Canned | None:
        return None

    def idempotency_key(self, request: Heard) -> str | None:
        return request.headers.get("idempotency-key")

    @property
    def counted(self) -> Sequence[Counted]:
        return [
            Counted(Money(5000, "CLP"), 500_000),
            Counted(Money(5000, "ISK"), 500_000),
            Counted(Money(5000, "CVE"), 50),
            Counted(Money(5050, "CVE"), None),
            Counted(Money(500_000, "IDR"), 5000),
            Counted(Money(50, "IDR"), None),
            Counted(Money(5050, "HUF"), 5050),
            Counted(Money(5000, "JPY"), 5000),
            Counted(Money(5001, "KWD"), 5001),
        ]

    def addressed_elsewhere(self, body: bytes) -> bytes | None:
        return _with(body, lambda item: item.update(merchantAccountCode="SomebodyElse"))

    @property
    def timestamped(self) -> bool:
        return False

    def sign(self, body: bytes, at: int, *, stranger: bool = False) -> Signed:
        told = json.loads(body)
        account = self._settings.account("casino-eu")
        key = _key(b"stranger") if stranger else account.hmac_key.get_secret_value()
        for wrapped in told.get("notificationItems", []):
            item = wrapped["NotificationRequestItem"]
            item.setdefault("additionalData", {})["hmacSignature"] = signature(item, key)
        return Signed({"authorization": account.authorization or ""}, json.dumps(told).encode())

    def tampered(self, signed: Signed) -> Sequence[Signed]:
        return [Signed(signed.headers, body) for body in _tampered(signed.body)]


def settings_at(base_url: str) -> AdyenSettings:
    account = {
        "url": base_url + CHECKOUT,
        "merchant_account": MERCHANT,
        "api_key": "AQE_certified_checkout",
        "hmac_key": _key(b"certified"),
        "webhook_username": "paysaga",
        "webhook_password": "certified_basic",
        "payout_url": base_url + PAYOUT,
        "store_payout_key": "AQE_certified_store",
        "review_payout_key": "AQE_certified_review",
        "payout_email": "payouts@example.com",
        "report_url": f"{base_url}/reports/download/MerchantAccount/{MERCHANT}",
        "report_key": "AQE_certified_reports",
    }
    return AdyenSettings.model_validate({"accounts": {"casino-eu": account}})


def signature(item: dict[str, Any], key: str) -> str:
    texts = [item.get(name) or "" for name in _SIGNED]
    texts += [str(item["amount"]["value"]), item["amount"]["currency"]]
    content = ":".join([*texts, item["eventCode"], item["success"]])
    digest = hmac.digest(bytes.fromhex(key), content.encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def _key(seed: bytes) -> str:
    return hashlib.sha256(seed).hexdigest()


def _payment(body: dict[str, Any], verdict: Verdict, held: dict[str, Any]) -> Canned:
    reference = body.get("reference", "in_cert:authorize:1")
    told: dict[str, Any] = {
        **_RESULTS.get(verdict, {"resultCode": "Authorised"}),
        "pspReference": "NC6HT9CRT65ZGN82",
        "merchantReference": "in_other:step:1" if verdict is Verdict.MISMATCHED else reference,
        "amount": _otherwise(held, verdict),
    }
    return Canned(200, json.dumps(told).encode())


def _payout(path: str, verdict: Verdict) -> Canned:
    if verdict in _FAULTS:
        return _fault(_FAULTS[verdict])
    word = "under-review" if verdict is Verdict.UNHEARD_OF else "received"
    if path.endswith("/submitThirdParty"):
        told = {"pspReference": "8815281505580150", "resultCode": f"[payout-submit-{word}]"}
    else:
        told = {"pspReference": "8815281505580152", "response": f"[payout-confirm-{word}]"}
    return Canned(200, json.dumps(told).encode())


def _modification(path: str, body: dict[str, Any], verdict: Verdict) -> Canned:
    if verdict in _FAULTS:
        return _fault(_FAULTS[verdict])
    told = {
        **body,
        "pspReference": "QB7M3KVT65ZGN82W",
        "status": "under_review" if verdict is Verdict.UNHEARD_OF else "received",
    }
    if not path.endswith("/cancels") or "/payments/" in path:
        told["paymentPspReference"] = path.split("/")[-2]
    if "amount" in body:
        told["amount"] = _otherwise(body["amount"], verdict)
    if verdict is Verdict.MISMATCHED:
        told["reference"] = "in_other:step:1"
    return Canned(201, json.dumps(told).encode())


def _otherwise(amount: dict[str, Any], verdict: Verdict) -> dict[str, Any]:
    if verdict is Verdict.OTHER_AMOUNT:
        return {**amount, "value": amount["value"] // 2}
    return {**amount, "currency": "USD"} if verdict is Verdict.OTHER_CURRENCY else amount


def _fault(code: str, *, status: int = 422) -> Canned:
    told = {"status": status, "errorCode": code, "errorType": "validation", "message": "no"}
    return Canned(status, json.dumps(told).encode())


def _tampered(body: bytes) -> Iterator[bytes]:
    """Each of the fields that the signature covers another, and the signature gone."""
    for name in (*_SIGNED, "eventCode"):
        yield _with(body, partial(_lengthened, name))
    turned = {"true": "false", "false": "true"}
    yield _with(body, lambda item: item.update(success=turned[item["success"]]))
    yield _with(body, lambda item: item["amount"].update(value=item["amount"]["value"] + 1))
    yield _with(body, lambda item: item["amount"].update(currency="USD"))
    yield _with(body, lambda item: item.pop("additionalData"))
    yield _with(body, _shifted)


def _lengthened(name: str, item: dict[str, Any]) -> None:
    item[name] = f"{item.get(name, '')}0"


def _shifted(item: dict[str, Any]) -> None:
    """The same signed text, read otherwise: a colon moved from one field into another."""
    reference, _, rest = item["merchantReference"].partition(":")
    item["merchantAccountCode"] = f"{item['merchantAccountCode']}:{reference}"
    item["merchantReference"] = rest


def _with(body: bytes, change: Callable[[Any], Any]) -> bytes:
    told = copy.deepcopy(json.loads(body))
    change(told["notificationItems"][0]["NotificationRequestItem"])
    return json.dumps(told).encode()
