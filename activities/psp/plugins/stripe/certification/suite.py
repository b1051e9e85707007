"""Stripe's side of the wire, for the certification suite."""

# ruff: noqa: TID252 - a plugin is a folder that may stand anywhere
from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from activities.psp.certification import Canned, Counted, Heard, Signed, Verdict
from activities.psp.contract import Adapter
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount, Operation

from ..adapter import StripeAdapter
from ..settings import StripeAccount, StripeSettings
from .replies import (
    amount_of,
    canned,
    currency_of,
    fault,
    missing,
    page_of,
    refund_of,
    searched,
    seen,
    step_of,
)

_SECRETS = ("sk_test_certified", "whsec_certified")


class StripeCertification:
    """The currency of the last authorization is remembered: a capture names none."""

    def __init__(self) -> None:
        self._currency = "eur"

    @property
    def account(self) -> MerchantAccount:
        return MerchantAccount("stripe", "primary")

    @property
    def secrets(self) -> Sequence[str]:
        return _SECRETS

    @property
    def examples(self) -> Path:
        return Path(__file__).parents[1] / "examples"

    def connect(self, base_url: str) -> Adapter:
        key, secret = _SECRETS
        account = StripeAccount.model_validate(
            {"url": base_url, "secret_key": key, "webhook_secret": secret}
        )
        return StripeAdapter(StripeSettings(accounts={"primary": account}))

    def answers(self, operation: str) -> Collection[Verdict]:
        verdicts = set(Verdict) - {Verdict.NOT_FOUND}
        if operation == Operation.VOID:
            # A cancel is done at once, and no bank is asked.
            verdicts -= {Verdict.DECLINED_UNMAPPED, Verdict.PENDING}
        return verdicts

    def answer(self, request: Heard, verdict: Verdict) -> Canned:
        if verdict is Verdict.BUSY:
            return fault(429, type="invalid_request_error", code="rate_limit")
        parts = urlsplit(request.path)
        steps = parts.path.removeprefix("/v1/").split("/")
        asked = dict(parse_qsl(request.body.decode() or parts.query))
        refunds = steps[0] == "refunds"
        if steps[0] == "checkout":
            return page_of(request, steps[2:], asked, verdict)
        if request.method == "POST" and refunds:
            return refund_of(asked, currency_of(self._currency, verdict), verdict)
        if request.method == "POST":
            # A capture names no currency: it is that of the authorization.
            self._currency = asked.get("currency", self._currency)
            given = int(asked.get("amount") or asked.get("amount_to_capture") or 5000)
            amount, currency = amount_of(given, verdict), currency_of(self._currency, verdict)
            return step_of(steps, asked, amount, currency, verdict)
        if len(steps) > 1 and steps[1] != "search":
            if verdict is Verdict.NOT_FOUND:
                return missing()
            return canned(seen(steps[1], verdict, refunds=refunds))
        thing = seen(searched(asked), verdict, refunds=refunds)
        found = [] if verdict is Verdict.NOT_FOUND else [thing]
        kind = "search_result" if steps[-1] == "search" else "list"
        return canned({"object": kind, "url": parts.path, "has_more": False, "data": found})

    def before(self, request: Heard) -> Canned | None:
        return None

    def idempotency_key(self, request: Heard) -> str | None:
        return request.headers.get("idempotency-key")

    @property
    def counted(self) -> Sequence[Counted]:
        return [
            Counted(Money(5000, "ISK"), "500000"),
            Counted(Money(5000, "UGX"), "500000"),
            Counted(Money(17_550, "HUF"), "17550"),
            Counted(Money(5050, "TWD"), "5050"),
            Counted(Money(500_000, "MGA"), "5000"),
            Counted(Money(50, "MGA"), None),
            Counted(Money(5000, "JPY"), "5000"),
            Counted(Money(5010, "KWD"), "5010"),
            Counted(Money(5001, "KWD"), None),
        ]

    @property
    def timestamped(self) -> bool:
        return True

    def sign(self, body: bytes, at: int, *, stranger: bool = False) -> Signed:
        """`v1` over time and body."""
        secret = b"whsec_stranger" if stranger else _SECRETS[1].encode()
        digest = hmac.digest(secret, f"{at}.".encode() + body, hashlib.sha256).hex()
        return Signed({"stripe-signature": f"t={at},v1={digest}"}, body)

    def tampered(self, signed: Signed) -> Sequence[Signed]:
        turned = signed.body.replace(b'"amount": ', b'"amount": 1')
        spaced = json.dumps(json.loads(signed.body), indent=1).encode()
        return [Signed(signed.headers, body) for body in (turned, spaced)]
