"""Adyen's side of the wire, for the certification suite."""

# ruff: noqa: TID252 - a plugin is a folder that may stand anywhere
from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from activities.psp.certification import Canned, Counted, Heard, Signed, Verdict
from activities.psp.contract import Adapter
from workflows.domain.money import Money
from workflows.domain.psp import COMPLETE, MerchantAccount, Operation

from ..adapter import AdyenAdapter
from ..settings import AdyenSettings
from .alterations import SIGNED, altered, tampered, unsigned

MERCHANT = "CertifiedEU"
CHECKOUT, PAYOUT, TRANSFERS = "/v71", "/pal/servlet/Payout/v68", "/btl/v4"

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
_TRANSFERS = {
    Verdict.DECLINED: {"status": "refused", "reason": "counterpartyAccountClosed"},
    Verdict.DECLINED_UNMAPPED: {"status": "refused", "reason": "addedNextYear"},
    Verdict.PENDING: {"status": "received", "reason": "pending"},
    Verdict.UNHEARD_OF: {"status": "underReview"},
    Verdict.MISMATCHED: {"status": "booked", "reference": "po_other:payout:1"},
}
_FAULTS = {Verdict.DECLINED: "137", Verdict.DECLINED_UNMAPPED: "999_9"}


class AdyenCertification:
    """All of Adyen's interfaces at one address. The amount of the last question is remembered: a
    capture's answer has it."""

    def __init__(self) -> None:
        self._settings = settings_at("http://127.0.0.1:1")
        self._held: dict[str, Any] = {"currency": "EUR", "value": 5000}
        """What was asked for last: going on with an authorization, and a look, names no amount."""

    @property
    def account(self) -> MerchantAccount:
        return MerchantAccount("adyen", "casino-eu")

    @property
    def secrets(self) -> Sequence[str]:
        account = self._settings.account("casino-eu")
        return [secret for _, secret in account.secrets]

    @property
    def examples(self) -> Path:
        return Path(__file__).parents[1] / "examples"

    def connect(self, base_url: str) -> Adapter:
        return AdyenAdapter(settings_at(base_url))

    def answers(self, operation: str) -> Collection[Verdict]:
        """Only an authorization and a transfer are ever approved at once; all else is promised."""
        if operation in (Operation.AUTHORIZE, COMPLETE):
            return (Verdict.APPROVED, *_OF_ANOTHER, *_AT_ONCE)
        if operation == Operation.VOID:
            # It names no amount.
            return (Verdict.MISMATCHED, *_AT_ONCE)
        if operation == Operation.PAYOUT:
            return (Verdict.APPROVED, *_OF_ANOTHER, *_AT_ONCE, Verdict.NOT_FOUND)
        return (*_OF_ANOTHER, *_AT_ONCE)

    def answer(self, request: Heard, verdict: Verdict) -> Canned:
        path, body = urlsplit(request.path).path, json.loads(request.body or b"{}")
        if verdict is Verdict.BUSY:
            return _fault("000", status=429)
        if path.startswith(PAYOUT):
            return _payout(path, verdict)
        if path.startswith(TRANSFERS):
            self._held = body.get("amount", self._held)
            return _transfer(request, body, verdict, self._held)
        if path.endswith(("/payments", "/details")):
            self._held = body.get("amount", self._held)
            return _payment(body, verdict, self._held)
        return _modification(path, body, verdict)

    def before(self, request: Heard) -> Canned | None:
        return None

    def idempotency_key(self, request: Heard) -> str | None:
        """In a header, whichever interface is asked."""
        return request.headers.get("idempotency-key")

    @property
    def counted(self) -> Sequence[Counted]:
        """Adyen's own places (CLP, ISK, CVE, IDR), and some that are those of ISO 4217."""
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
        """With another `merchantAccountCode`, or of a transfer another balance account."""
        read = json.loads(body)
        if "data" in read:
            read["data"]["balanceAccount"] = {"id": "BA0000000000000000SOMEBODY"}
            return json.dumps(read).encode()
        return altered(body, lambda item: item.update(merchantAccountCode="SomebodyElse"))

    @property
    def timestamped(self) -> bool:
        """Adyen signs no time: the inbox takes each event once."""
        return False

    def sign(self, body: bytes, at: int, *, stranger: bool = False) -> Signed:
        """Each item by itself; a webhook of Transfers as a whole, with a key of its own."""
        delivery = json.loads(body)
        account = self._settings.account("casino-eu")
        key = _key(b"stranger") if stranger else account.hmac_key.get_secret_value()
        basic = {"authorization": account.authorization or ""}
        if "data" in delivery:
            key = key if stranger else _key(b"certified transfers")
            return Signed({**basic, "hmacsignature": mac(body, key)}, body)
        for wrapped in delivery.get("notificationItems", []):
            item = wrapped["NotificationRequestItem"]
            item.setdefault("additionalData", {})["hmacSignature"] = signature(item, key)
        return Signed(basic, json.dumps(delivery).encode())

    def tampered(self, signed: Signed) -> Sequence[Signed]:
        return [Signed(signed.headers, body) for body in tampered(signed.body)]

    def unsigned(self, signed: Signed) -> Sequence[Signed]:
        """Of items alone: the younger webhooks are signed as a whole."""
        if "notificationItems" not in json.loads(signed.body):
            return []
        return [Signed(signed.headers, body) for body in unsigned(signed.body)]


def settings_at(base_url: str, payouts_by: str = "transfers") -> AdyenSettings:
    """Of an account that pays players by one of the two interfaces."""
    account = {
        "url": base_url + CHECKOUT,
        "merchant_account": MERCHANT,
        "api_key": "AQE_certified_checkout",
        "hmac_key": _key(b"certified"),
        "webhook_username": "paysaga",
        "webhook_password": "certified_basic",
        "report_url": f"{base_url}/reports/download/MerchantAccount/{MERCHANT}",
        "report_key": "AQE_certified_reports",
        "payouts_by": payouts_by,
        **(_transfers(base_url) if payouts_by == "transfers" else _payouts(base_url)),
    }
    return AdyenSettings.model_validate({"accounts": {"casino-eu": account}})


def _transfers(base_url: str) -> dict[str, str]:
    return {
        "transfer_url": base_url + TRANSFERS,
        "transfer_key": "AQE_certified_transfers",
        "balance_account": "BA00000000000000000000001",
        "transfer_hmac_key": _key(b"certified transfers"),
    }


def _payouts(base_url: str) -> dict[str, str]:
    return {
        "payout_url": base_url + PAYOUT,
        "store_payout_key": "AQE_certified_store",
        "review_payout_key": "AQE_certified_review",
        "payout_email": "payouts@example.com",
    }


def signature(item: dict[str, Any], key: str) -> str:
    """Over the eight fields of an item, parted by colons."""
    amount, success = item.get("amount") or {}, item["success"]
    texts = [item.get(name) or "" for name in SIGNED]
    texts += ["" if amount.get("value") is None else str(amount["value"])]
    texts += [amount.get("currency") or "", item["eventCode"]]
    texts += [success if isinstance(success, str) else str(success).lower()]
    return mac(":".join(texts).encode(), key)


def mac(content: bytes, key: str) -> str:
    """With a hexadecimal key, in base64."""
    digest = hmac.digest(bytes.fromhex(key), content, hashlib.sha256)
    return base64.b64encode(digest).decode()


def _key(seed: bytes) -> str:
    return hashlib.sha256(seed).hexdigest()


def _payment(body: dict[str, Any], verdict: Verdict, held: dict[str, Any]) -> Canned:
    reference = body.get("reference", "in_cert:authorize:1")
    answer: dict[str, Any] = {
        **_RESULTS.get(verdict, {"resultCode": "Authorised"}),
        "pspReference": "NC6HT9CRT65ZGN82",
        "merchantReference": "in_other:step:1" if verdict is Verdict.MISMATCHED else reference,
        "amount": _otherwise(held, verdict),
    }
    return Canned(200, json.dumps(answer).encode())


def _payout(path: str, verdict: Verdict) -> Canned:
    if verdict in _FAULTS:
        return _fault(_FAULTS[verdict])
    word = "under-review" if verdict is Verdict.UNHEARD_OF else "received"
    if path.endswith("/submitThirdParty"):
        answer = {"pspReference": "8815281505580150", "resultCode": f"[payout-submit-{word}]"}
    else:
        answer = {"pspReference": "8815281505580152", "response": f"[payout-confirm-{word}]"}
    return Canned(200, json.dumps(answer).encode())


def _transfer(
    request: Heard, body: dict[str, Any], verdict: Verdict, sent: dict[str, Any]
) -> Canned:
    asked = parse_qs(urlsplit(request.path).query).get("reference", ["po_cert:payout"])[0]
    made = {
        "id": "1W1UG35U8A9J5ZLG",
        "reference": body.get("reference", asked),
        "amount": _otherwise(sent, verdict),
        "category": body.get("category", "bank"),
        "counterparty": body.get("counterparty", {}),
        **_TRANSFERS.get(verdict, {"status": "booked", "reason": "approved"}),
    }
    if request.method == "GET" and urlsplit(request.path).path.endswith("/transfers"):
        made = {"data": [] if verdict is Verdict.NOT_FOUND else [made]}
    return Canned(202 if request.method == "POST" else 200, json.dumps(made).encode())


def _modification(path: str, body: dict[str, Any], verdict: Verdict) -> Canned:
    if verdict in _FAULTS:
        return _fault(_FAULTS[verdict])
    answer = {
        **body,
        "pspReference": "QB7M3KVT65ZGN82W",
        "status": "under_review" if verdict is Verdict.UNHEARD_OF else "received",
    }
    if not path.endswith("/cancels") or "/payments/" in path:
        answer["paymentPspReference"] = path.split("/")[-2]
    if "amount" in body:
        answer["amount"] = _otherwise(body["amount"], verdict)
    if verdict is Verdict.MISMATCHED:
        answer["reference"] = "in_other:step:1"
    return Canned(201, json.dumps(answer).encode())


def _otherwise(amount: dict[str, Any], verdict: Verdict) -> dict[str, Any]:
    if verdict is Verdict.OTHER_AMOUNT:
        return {**amount, "value": amount["value"] // 2}
    return {**amount, "currency": "USD"} if verdict is Verdict.OTHER_CURRENCY else amount


def _fault(code: str, *, status: int = 422) -> Canned:
    answer = {"status": status, "errorCode": code, "errorType": "validation", "message": "no"}
    return Canned(status, json.dumps(answer).encode())
