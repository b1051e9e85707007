"""The sandbox PSP's side of the wire, for the certification suite."""

# ruff: noqa: TID252 - a plugin is a folder that may stand anywhere
from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from activities.psp.certification import Canned, Counted, Heard, Signed, Verdict
from activities.psp.contract import Adapter
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount

from ..adapter import SandboxAdapter
from ..settings import SandboxSettings

_WORDS = {"authorize": "authorization", "sale": "authorization"}
_IDS = {"authorization": "auth", "capture": "cap", "void": "void", "refund": "ref", "payout": "pay"}
_STATUS = {
    Verdict.DECLINED: "declined",
    Verdict.DECLINED_UNMAPPED: "declined",
    Verdict.PENDING: "pending",
    Verdict.UNHEARD_OF: "under_review",
}


class SandboxCertification:
    """Needs no server: the suite's peer plays its answers."""

    def __init__(self) -> None:
        self._settings = SandboxSettings(
            url="http://127.0.0.1:1",
            key_primary=SecretStr("sk_certified_primary"),
            key_secondary=SecretStr("sk_certified_secondary"),
            webhook_secret=SecretStr(_secret(b"certified")),
        )

    @property
    def account(self) -> MerchantAccount:
        return MerchantAccount("sandbox", "primary")

    @property
    def secrets(self) -> Sequence[str]:
        held = self._settings
        secrets = (held.key_primary, held.key_secondary, held.webhook_secret)
        return [secret.get_secret_value() for secret in secrets]

    @property
    def examples(self) -> Path:
        return Path(__file__).parents[1] / "examples"

    def connect(self, base_url: str) -> Adapter:
        return SandboxAdapter(self._settings.model_copy(update={"url": base_url}))

    def answer(self, request: Heard, verdict: Verdict) -> Canned:
        if verdict is Verdict.NOT_FOUND:
            fault = {"error": {"code": "not_found", "message": "no such reference"}}
            return Canned(404, json.dumps(fault).encode())
        if verdict is Verdict.BUSY:
            fault = {"error": {"code": "too_many_requests", "message": "come back later"}}
            return Canned(429, json.dumps(fault).encode(), {"retry-after": "1"})
        return Canned(200, json.dumps(_operation(request, verdict)).encode())

    def answers(self, operation: str) -> Collection[Verdict]:
        """It can say all of them at once, to everything."""
        return tuple(Verdict)

    def before(self, request: Heard) -> Canned | None:
        return None

    def idempotency_key(self, request: Heard) -> str | None:
        return request.headers.get("idempotency-key")

    @property
    def counted(self) -> Sequence[Counted]:
        """In the units of ISO 4217 everywhere."""
        amounts = {"CLP": 5000, "ISK": 5000, "HUF": 5050, "IDR": 5050, "KWD": 5001, "UYW": 50001}
        return [Counted(Money(units, currency), units) for currency, units in amounts.items()]

    def addressed_elsewhere(self, body: bytes) -> bytes | None:
        """With another `merchant_account`."""
        event = json.loads(body)
        event["data"]["merchant_account"] = "somebody_else"
        return json.dumps(event).encode()

    @property
    def timestamped(self) -> bool:
        return True

    def sign(self, body: bytes, at: int, *, stranger: bool = False) -> Signed:
        """By Standard Webhooks, HMAC-SHA256."""
        event_id = json.loads(body)["id"]
        key = _key(b"stranger" if stranger else b"certified")
        digest = hmac.digest(key, f"{event_id}.{at}.".encode() + body, hashlib.sha256)
        headers = {
            "webhook-id": event_id,
            "webhook-timestamp": str(at),
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }
        return Signed(headers, body)

    def tampered(self, signed: Signed) -> Sequence[Signed]:
        turned = signed.body.replace(b"approved", b"declined")
        spaced = json.dumps(json.loads(signed.body), indent=1).encode()
        return [Signed(signed.headers, body) for body in (turned, spaced)]


def _operation(request: Heard, verdict: Verdict) -> dict[str, Any]:
    body = json.loads(request.body) if request.body else {}
    reference, kind, parent = _asked(request, body)
    codes = {Verdict.DECLINED: "51", Verdict.DECLINED_UNMAPPED: "Z9"}
    code, amount = codes.get(verdict), body.get("amount", 5000)
    return {
        "id": f"{_IDS[kind]}_certified",
        "operation": kind,
        "status": _STATUS.get(verdict, "approved"),
        "reference": "in_other:step:1" if verdict is Verdict.MISMATCHED else reference,
        "merchant_account": "primary",
        "amount": amount // 2 if verdict is Verdict.OTHER_AMOUNT else amount,
        "currency": "USD" if verdict is Verdict.OTHER_CURRENCY else body.get("currency", "EUR"),
        "authorization_id": parent if kind in ("capture", "void") else None,
        "capture_id": parent if kind == "refund" else None,
        "captured": body.get("capture", ":sale:" in reference),
        "decline": None if code is None else {"code": code, "message": "no"},
        "created_at": "2026-01-02T03:04:05Z",
        "added_next_year": {"ignored": True},
    }


def _asked(request: Heard, body: Mapping[str, Any]) -> tuple[str, str, str | None]:
    """The reference, the operation's word and the id of what it is about."""
    parts = urlsplit(request.path)
    if request.method == "GET":
        reference = parse_qs(parts.query)["reference"][0]
        step = reference.split(":")[1]
        return reference, _WORDS.get(step, step), None
    steps = parts.path.strip("/").split("/")
    return body["reference"], steps[-1].removesuffix("s"), steps[2] if len(steps) > 2 else None


def _key(seed: bytes) -> bytes:
    return hashlib.sha256(seed).digest()


def _secret(seed: bytes) -> str:
    return "whsec_" + base64.b64encode(_key(seed)).decode()
