"""PayPal's things, as its answers show them to the certification suite."""

from __future__ import annotations

from typing import Any

Reply = dict[str, Any]

PAYEE = {"merchant_id": "C3RT7F4EDMCHA"}
EUR = {"currency_code": "EUR", "value": "50.00"}
ORDER_ID, HELD_ID, CAPTURE_ID = "5O190127TN364715T", "0VF52814937998046", "2GG279541U471931P"
REFUND_ID, BATCH_ID, ITEM_ID = "1JU08902781691411", "FYXMPQTX4JC9N", "8AELMXH8UB2P8"
SOLD_ORDER_ID = "50LD90127TN364715"
AUTHORIZE, SALE, CAPTURE, REFUND, PAYOUT = (
    "in_cert:authorize:1",
    "in_cert:sale:1",
    "in_cert:capture",
    "re_cert:refund",
    "po_cert:payout",
)
OTHER = "in_other:step:1"
UNHEARD_OF = "UNDER_REVIEW"
API = "https://api-m.sandbox.paypal.com"
WHEN = "2026-11-24T10:00:00Z"


def order(order_id: str, status: str, unit: Reply, intent: str = "AUTHORIZE") -> Reply:
    """With one unit, whatever it holds."""
    approve = f"https://www.sandbox.paypal.com/checkoutnow?token={order_id}"
    return {
        "id": order_id,
        "status": status,
        "intent": intent,
        "purchase_units": [unit | {"payee": PAYEE}],
        "links": [
            self_link("v2/checkout/orders", order_id),
            {"href": approve, "rel": "payer-action", "method": "GET"},
        ],
    }


def authorization(status: str, key: str, amount: Reply) -> Reply:
    fields = {"custom_id": key, "invoice_id": key, "expiration_time": "2026-12-23T10:00:00Z"}
    return _moved("authorizations", HELD_ID, status, amount) | fields


def capture(status: str, key: str, amount: Reply) -> Reply:
    """`custom_id` is passed on from the order, `invoice_id` is the capture's own key."""
    fields = {"custom_id": AUTHORIZE, "invoice_id": key, "final_capture": True}
    return _moved("captures", CAPTURE_ID, status, amount) | fields


def sold(status: str, key: str, amount: Reply) -> Reply:
    """Both references are the order's."""
    return capture(status, key, amount) | {"custom_id": key}


def refund(status: str, key: str, amount: Reply) -> Reply:
    """A refund knows no DENIED: it FAILED."""
    status = {"DENIED": "FAILED", "DECLINED": "FAILED"}.get(status, status)
    return _moved("refunds", REFUND_ID, status, amount) | {"invoice_id": key}


def _moved(collection: str, its_id: str, status: str, amount: Reply) -> Reply:
    return {
        "id": its_id,
        "status": status,
        "amount": amount,
        "create_time": WHEN,
        "update_time": WHEN,
        "links": [self_link(f"v2/payments/{collection}", its_id)],
    }


def self_link(path: str, its_id: str) -> Reply:
    return {"href": f"{API}/{path}/{its_id}", "rel": "self", "method": "GET"}
