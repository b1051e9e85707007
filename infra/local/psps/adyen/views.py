"""Adyen's answers as JSON. A member that has no value is left out."""

from __future__ import annotations

from typing import Any

from infra.local.psps.adyen import cards
from infra.local.psps.adyen.models import Link, Modification, Payment, iso8601

View = dict[str, Any]
_EXPIRY = "3/2030"


def amount(value: int, currency: str) -> View:
    return {"currency": currency, "value": value}


def payment(of: Payment, page_url: str = "") -> View:
    """`page_url`: where the shopper is to go, while that is open."""
    made: View = {
        "pspReference": of.psp_reference,
        "resultCode": of.result,
        "merchantReference": of.reference,
    }
    if of.result == "RedirectShopper":
        made["action"] = {
            "type": "redirect",
            "method": "GET",
            "url": page_url,
            "paymentMethodType": of.method,
        }
        return made
    made["amount"] = amount(of.amount, of.currency)
    made["paymentMethod"] = {"brand": of.named, "type": of.method}
    if of.result == "Received":
        return made
    made["additionalData"] = additional_data(of)
    if of.refusal is not None:
        made["refusalReason"], made["refusalReasonCode"] = of.refusal.reason, of.refusal.code
    return made


def additional_data(of: Payment) -> dict[str, str]:
    """As the account is configured to get it: everything."""
    secure = of.three_ds
    additional = {
        "paymentMethod": of.named,
        "paymentMethodVariant": of.named,
        "cardSummary": of.card.last4,
        "expiryDate": _EXPIRY,
        "authCode": "" if of.refusal else of.auth_code,
        "refusalReasonRaw": of.refusal.raw if of.refusal else "AUTHORISED",
        "merchantAdviceCode": of.refusal.advice if of.refusal else "",
        "cvcResult": of.card.cvc,
        "avsResult": of.card.avs,
        "eci": cards.eci(of.card.brand, authenticated=secure is not None),
        "threeDOffered": "true" if secure or of.card.challenge else "false",
        "threeDAuthenticated": "true" if secure else "false",
        "liabilityShift": "true" if secure else "false",
        "paymentLinkId": of.link_id,
    }
    if secure:
        additional["cavv"], additional["dsTransID"] = secure.cavv, secure.transaction_id
        additional["threeDSVersion"] = "2.2.0"
    return {name: value for name, value in additional.items() if value}


def reason(of: Payment) -> str:
    """In the webhook of an authorisation."""
    if of.refusal is not None:
        return of.refusal.reason
    return f"{of.auth_code}:{of.card.last4}:{_EXPIRY}"


def received(of: Modification, merchant_account: str, *, priced: bool) -> View:
    """`priced`: the amount is told too."""
    made: View = {
        "merchantAccount": merchant_account,
        "paymentPspReference": of.payment.psp_reference,
        "pspReference": of.psp_reference,
        "status": "received",
    }
    if of.reference:
        made["reference"] = of.reference
    if priced:
        made["amount"] = amount(of.amount, of.payment.currency)
    return made


def link(of: Link, merchant_account: str, url: str) -> View:
    made: View = {
        **of.repeated,
        "id": of.id,
        "amount": amount(of.amount, of.currency),
        "expiresAt": iso8601(of.expires_at),
        "merchantAccount": merchant_account,
        "reference": of.reference,
        "reusable": of.reusable,
        "status": of.status,
        "url": url,
    }
    if of.return_url:
        made["returnUrl"] = of.return_url
    return made
