"""PayPal's objects as JSON: orders as checkout has them, authorizations and their like as payments.

A member without a value is left out.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

from infra.local.psps.paypal import amounts
from infra.local.psps.paypal.models import Authorization, Capture, Order, Refund

View = dict[str, Any]
_HOLD_SECONDS = 29 * 86_400
_PAYER = {"given_name": "John", "surname": "Doe"}
_REFUND_CUSTOM_ID = re.compile(r"[A-Za-z0-9-_.,]+")


def when(moment: float) -> str:
    return datetime.fromtimestamp(int(moment), UTC).isoformat()[:-6] + "Z"


def money(minor: int, currency: str) -> View:
    return {"currency_code": currency, "value": amounts.written(minor, currency)}


def link(href: str, rel: str, method: str = "GET") -> View:
    return {"href": href, "rel": rel, "method": method}


def without_nothing(view: View) -> View:
    return {name: value for name, value in view.items() if value not in (None, "", [])}


def minimal(view: View) -> View:
    """What is told without `Prefer: return=representation`."""
    return {name: view[name] for name in ("id", "status", "links")}


def merchant_id(client_id: str) -> str:
    """Of the account that is paid."""
    digest = hashlib.sha256(client_id.encode()).digest()
    return "".join("23456789ABCDEFGHJKLMNPQRSTUVWXYZ"[byte % 32] for byte in digest[:13])


def approval_url(order: Order, base: str) -> str:
    return f"{base}/checkoutnow?token={order.id}"


def order(of: Order, base: str, payee: str) -> View:
    unit = {
        "reference_id": of.reference_id,
        "amount": money(of.amount, of.currency),
        "payee": {"merchant_id": payee},
        "description": of.description,
        "custom_id": of.custom_id,
        "invoice_id": of.invoice_id,
        "payments": _payments(of, base),
    }
    made: View = {
        "id": of.id,
        "intent": "CAPTURE" if of.takes else "AUTHORIZE",
        "status": of.status,
        "purchase_units": [without_nothing(unit)],
        "create_time": when(of.created),
        "links": _order_links(of, base),
    }
    if of.payer_id:
        email = f"{of.payer_id.lower()}@personal.example.com"
        made["payer"] = {"payer_id": of.payer_id, "email_address": email, "name": _PAYER}
        account = {"account_id": of.payer_id, "account_status": "VERIFIED", "name": _PAYER}
        made["payment_source"] = {"paypal": {**account, "email_address": email}}
    elif of.wallet:
        made["payment_source"] = {"paypal": {}}
    return made


def _order_links(of: Order, base: str) -> list[View]:
    own = f"{base}/v2/checkout/orders/{of.id}"
    links = [link(own, "self")]
    if of.waits_for_payer:
        links.append(link(approval_url(of, base), "payer-action" if of.wallet else "approve"))
    if of.status in ("CREATED", "APPROVED"):
        how = "capture" if of.takes else "authorize"
        links.append(link(f"{own}/{how}", how, "POST"))
    return links


def _payments(of: Order, base: str) -> View | None:
    """By kind; an authorization tells here how the processor answered, and not who is paid."""
    if not of.authorizations:
        return None
    captures = [each for held in of.authorizations for each in held.captures]
    refunds = [each for taken in captures for each in taken.refunds]
    made = {
        "authorizations": [_authorization(each, base) for each in of.shown],
        "captures": [_capture(each, base) for each in captures],
        "refunds": [refund(each, base) for each in refunds],
    }
    for each, held in zip(made["authorizations"], of.shown, strict=True):
        if held.denied:
            each["processor_response"] = {"response_code": held.denied}
    return without_nothing(made)


def authorization(of: Authorization, base: str, payee: str) -> View:
    related = {"related_ids": {"order_id": of.order.id}}
    return {
        **_authorization(of, base),
        "supplementary_data": related,
        "payee": {"merchant_id": payee},
    }


def _authorization(of: Authorization, base: str) -> View:
    own = f"{base}/v2/payments/authorizations/{of.id}"
    links = [link(own, "self")]
    if of.left:
        links += [
            link(f"{own}/{action}", action, "POST") for action in ("capture", "void", "reauthorize")
        ]
    links.append(link(f"{base}/v2/checkout/orders/{of.order.id}", "up"))
    made = {
        "id": of.id,
        "status": of.status,
        "amount": money(of.amount, of.order.currency),
        "custom_id": of.order.custom_id,
        "invoice_id": of.order.invoice_id,
        "seller_protection": {"status": "NOT_ELIGIBLE"},
        "expiration_time": when(of.root.created + _HOLD_SECONDS),
        "create_time": when(of.created),
        "update_time": when(of.created),
        "links": links,
    }
    return without_nothing(made)


def capture(of: Capture, base: str, payee: str) -> View:
    ids = {"order_id": of.order.id}
    if not of.authorization.sold:
        ids["authorization_id"] = of.authorization.id
    related = {"related_ids": ids}
    return {**_capture(of, base), "supplementary_data": related, "payee": {"merchant_id": payee}}


def fee(of: Capture) -> int:
    return amounts.fee(of.amount, of.order.currency, 29)


def _capture(of: Capture, base: str) -> View:
    own, currency = f"{base}/v2/payments/captures/{of.id}", of.order.currency
    paid = {
        "gross_amount": money(of.amount, currency),
        "paypal_fee": money(fee(of), currency),
        "net_amount": money(of.amount - fee(of), currency),
    }
    pending = of.state == "PENDING"
    made = {
        "id": of.id,
        "status": of.status,
        "status_details": {"reason": "PENDING_REVIEW"} if pending else None,
        "amount": money(of.amount, currency),
        "final_capture": of.final,
        "custom_id": of.order.custom_id,
        "invoice_id": of.invoice_id or of.order.invoice_id,
        "seller_protection": {"status": "NOT_ELIGIBLE"},
        "seller_receivable_breakdown": paid if of.state == "COMPLETED" else None,
        "create_time": when(of.created),
        "update_time": when(of.created),
        "links": [
            link(own, "self"),
            link(f"{own}/refund", "refund", "POST"),
            link(_above(of, base), "up"),
        ],
        "processor_response": {"response_code": of.denied} if of.denied else None,
    }
    return without_nothing(made)


def _above(of: Capture, base: str) -> str:
    if of.authorization.sold:
        return f"{base}/v2/checkout/orders/{of.order.id}"
    return f"{base}/v2/payments/authorizations/{of.authorization.id}"


def refund(of: Refund, base: str) -> View:
    currency = of.capture.order.currency
    so_far = [
        each.amount
        for each in of.capture.refunds
        if each.created <= of.created and each.status != "FAILED"
    ]
    repaid = {
        "gross_amount": money(of.amount, currency),
        "paypal_fee": money(0, currency),
        "net_amount": money(of.amount, currency),
        "total_refunded_amount": money(sum(so_far), currency),
    }
    made = {
        "id": of.id,
        "status": of.status,
        "status_details": {"reason": "ECHECK"} if of.status == "PENDING" else None,
        "amount": money(of.amount, currency),
        # PayPal shows back only what is written with these letters.
        "custom_id": of.custom_id if _REFUND_CUSTOM_ID.fullmatch(of.custom_id) else None,
        "invoice_id": of.invoice_id,
        "note_to_payer": of.note,
        "seller_payable_breakdown": repaid,
        "create_time": when(of.created),
        "update_time": when(of.created),
        "links": [
            link(f"{base}/v2/payments/refunds/{of.id}", "self"),
            link(f"{base}/v2/payments/captures/{of.capture.id}", "up"),
        ],
    }
    return without_nothing(made)
