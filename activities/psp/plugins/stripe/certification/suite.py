"""Stripe's side of the wire, for the certification suite."""

# ruff: noqa: TID252 - a plugin is a folder that may stand anywhere
from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from activities.psp.certification import Canned, Counted, Heard, Signed, Verdict
from activities.psp.contract import Adapter
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount, Operation

from ..adapter import StripeAdapter
from ..settings import StripeAccount, StripeSettings

AUTHORIZE_KEY, REFUND_KEY, OTHER_KEY = "in_cert:authorize:1", "re_cert:refund", "in_other:refund"
"""A status is asked by Stripe's id: only the suite's own instructions say what it is about."""
CREATED = 1_800_000_000
Json = dict[str, Any]

_WORDS = {Verdict.PENDING: "processing", Verdict.UNHEARD_OF: "under_review"}
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
            return _page_of(request, steps[2:], asked, verdict)
        if request.method == "POST" and refunds:
            return _refund_of(asked, _currency(self._currency, verdict), verdict)
        if request.method == "POST":
            # A capture names no currency: it is that of the authorization.
            self._currency = asked.get("currency", self._currency)
            given = int(asked.get("amount") or asked.get("amount_to_capture") or 5000)
            amount, currency = _amount(given, verdict), _currency(self._currency, verdict)
            key = asked.get("metadata[paysaga_key]", AUTHORIZE_KEY)
            return _step(steps, amount, currency, key, verdict)
        if len(steps) > 1 and steps[1] != "search":
            if verdict is Verdict.NOT_FOUND:
                return missing()
            return _said(_seen(steps[1], verdict, refunds=refunds))
        thing = _seen("pi_certified", verdict, refunds=refunds)
        found = [] if verdict is Verdict.NOT_FOUND else [thing]
        kind = "search_result" if steps[-1] == "search" else "list"
        return _said({"object": kind, "url": parts.path, "has_more": False, "data": found})

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


def intent(**members: Any) -> Json:
    """A payment intent as Stripe tells it, of 50.00 EUR unless the members say otherwise."""
    made: Json = {
        "id": "pi_certified",
        "object": "payment_intent",
        "amount": 5000,
        "amount_capturable": 0,
        "amount_received": 0,
        "capture_method": "manual",
        "confirmation_method": "automatic",
        "created": CREATED,
        "currency": "eur",
        "livemode": False,
        "metadata": {"paysaga_key": AUTHORIZE_KEY},
        "payment_method_types": ["card"],
        "status": "requires_capture",
    }
    return {**made, **members}


def refund(**members: Any) -> Json:
    made: Json = {
        "id": "re_certified",
        "object": "refund",
        "amount": 5000,
        "created": CREATED,
        "currency": "eur",
        "metadata": {"paysaga_key": REFUND_KEY},
        "payment_intent": "ref_1",
        "status": "succeeded",
    }
    return {**made, **members}


def session(**members: Any) -> Json:
    """A Checkout Session of 50.00 EUR that waits for the player."""
    made: Json = {
        "id": "cs_certified",
        "object": "checkout.session",
        "amount_total": 5000,
        "currency": "eur",
        "metadata": {"paysaga_key": AUTHORIZE_KEY},
        "mode": "payment",
        "payment_intent": None,
        "payment_status": "unpaid",
        "status": "open",
        "url": "https://checkout.stripe.com/c/pay/cs_certified",
    }
    return {**made, **members}


def fault(status: int, **members: Any) -> Canned:
    return Canned(status, json.dumps({"error": {"message": "No.", **members}}).encode())


def missing() -> Canned:
    return fault(404, type="invalid_request_error", code="resource_missing", param="id")


def _amount(asked: int, verdict: Verdict) -> int:
    return asked // 2 if verdict is Verdict.OTHER_AMOUNT else asked


def _currency(asked: str, verdict: Verdict) -> str:
    return "usd" if verdict is Verdict.OTHER_CURRENCY else asked


def _said(thing: Json) -> Canned:
    return Canned(200, json.dumps(thing).encode())


def _page_of(
    request: Heard, steps: Sequence[str], asked: Mapping[str, str], verdict: Verdict
) -> Canned:
    """Of the hosted page: made, expired, read, listed."""
    if request.method == "POST" and not steps:
        item = "line_items[0][price_data]"
        key = OTHER_KEY if verdict is Verdict.MISMATCHED else asked["metadata[paysaga_key]"]
        currency = _currency(asked[f"{item}[currency]"], verdict)
        amount = _amount(int(asked[f"{item}[unit_amount]"]), verdict)
        made = session(amount_total=amount, currency=currency, metadata={"paysaga_key": key})
        return _said(made)
    if steps[-1:] == ["expire"]:
        return _said(session(id=steps[0], status="expired", url=None))
    if steps:
        return missing() if verdict is Verdict.NOT_FOUND else _said(session(id=steps[0]))
    none = {"object": "list", "url": "/v1/checkout/sessions", "has_more": False, "data": []}
    return _said(none)


def _step(steps: Sequence[str], amount: int, currency: str, key: str, verdict: Verdict) -> Canned:
    """Of a payment intent: made, captured or canceled."""
    doing = steps[2] if len(steps) > 2 else "authorize"
    named = steps[1] if len(steps) > 1 else "pi_certified"
    fields: Json = {"id": named, "amount": amount, "currency": currency}
    fields["metadata"] = {"paysaga_key": OTHER_KEY if verdict is Verdict.MISMATCHED else key}
    match verdict:
        case Verdict.DECLINED if doing == "cancel":
            taken = intent(**fields, status="succeeded", amount_received=amount)
            code = "payment_intent_unexpected_state"
            return fault(400, type="invalid_request_error", code=code, payment_intent=taken)
        case Verdict.DECLINED | Verdict.DECLINED_UNMAPPED:
            code = "insufficient_funds" if verdict is Verdict.DECLINED else "invented_next_year"
            return fault(402, type="card_error", code="card_declined", decline_code=code)
        case Verdict.PENDING | Verdict.UNHEARD_OF:
            return _said(intent(**fields, status=_WORDS[verdict]))
        case _ if doing == "capture":
            return _said(intent(**fields, status="succeeded", amount_received=amount))
        case _ if doing == "cancel":
            return _said(intent(**fields, status="canceled"))
        case _:
            return _said(intent(**fields, amount_capturable=amount))


def _refund_of(asked: Mapping[str, str], currency: str, verdict: Verdict) -> Canned:
    mismatched = verdict is Verdict.MISMATCHED
    made = refund(
        amount=_amount(int(asked["amount"]), verdict),
        currency=currency,
        payment_intent=asked["payment_intent"],
        metadata={"paysaga_key": OTHER_KEY if mismatched else asked["metadata[paysaga_key]"]},
        **_refund_words(verdict),
    )
    return _said(made)


def _seen(named: str, verdict: Verdict, *, refunds: bool) -> Json:
    thing = _seen_refund(verdict) if refunds else _seen_intent(named, verdict)
    return {**thing, "currency": _currency("eur", verdict)}


def _seen_refund(verdict: Verdict) -> Json:
    other = {"payment_intent": "pi_other"} if verdict is Verdict.MISMATCHED else {}
    return refund(**other, **_refund_words(verdict))


def _refund_words(verdict: Verdict) -> Json:
    match verdict:
        case Verdict.DECLINED:
            return {"status": "failed", "failure_reason": "lost_or_stolen_card"}
        case Verdict.DECLINED_UNMAPPED:
            return {"status": "failed", "failure_reason": "invented_next_year"}
        case Verdict.PENDING:
            return {"status": "pending"}
        case Verdict.UNHEARD_OF:
            return {"status": "under_review"}
        case _:
            return {"status": "succeeded"}


def _seen_intent(named: str, verdict: Verdict) -> Json:
    """So that whatever was asked of it was done, declined, promised …"""
    match verdict:
        case Verdict.DECLINED:
            error = {"type": "card_error", "code": "card_declined", "decline_code": "do_not_honor"}
            return intent(id=named, status="requires_payment_method", last_payment_error=error)
        case Verdict.PENDING | Verdict.UNHEARD_OF:
            return intent(id=named, status=_WORDS[verdict])
        case Verdict.MISMATCHED:
            other = {"paysaga_key": OTHER_KEY}
            return intent(id=named, status="succeeded", amount_received=5000, metadata=other)
        case _:
            # Half of it captured: authorization, capture and release of the rest are all done.
            return intent(id=named, status="succeeded", amount=10_000, amount_received=5000)
