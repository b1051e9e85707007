"""What PayPal says to any request of the certification suite, by the address that is asked.

Everything belongs to the suite's own payment, so that a question without a body is answered too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

from activities.psp.certification import Canned, Heard, Verdict

from .things import (
    API,
    AUTHORIZE,
    BATCH_ID,
    CAPTURE,
    EUR,
    ORDER_ID,
    OTHER,
    PAYOUT,
    REFUND,
    SALE,
    SOLD_ORDER_ID,
    UNHEARD_OF,
    Reply,
    authorization,
    capture,
    order,
    refund,
    self_link,
    sold,
)

MESSAGES = {
    "UNPROCESSABLE_ENTITY": "The requested action could not be performed, semantically incorrect,"
    " or failed business validation.",
    "RESOURCE_NOT_FOUND": "The specified resource does not exist.",
}

_REFUSED = (Verdict.DECLINED, Verdict.DECLINED_UNMAPPED)


def reply_to(request: Heard, verdict: Verdict, ordered: Reply) -> Canned:
    """`ordered` is the amount of the order, which no later request repeats."""
    if verdict is Verdict.NOT_FOUND:
        return _said(404, error("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"))
    if verdict is Verdict.BUSY:
        return _said(429, error("RATE_LIMIT_REACHED", "RATE_LIMIT_REACHED"))
    steps = request.path.partition("?")[0].strip("/").split("/")
    body = json.loads(request.body) if request.body else {}
    if request.method == "GET":
        return _said(200, _LOOKED_AT[steps[2]](steps[3], verdict))
    what = "take" if steps[-1] == "capture" and steps[2] == "orders" else steps[-1]
    completes = what in ("authorize", "take")
    if verdict in _REFUSED and not (completes and verdict is Verdict.DECLINED):
        return _said(422, error("UNPROCESSABLE_ENTITY", _issue(what, verdict)))
    if completes or what == "void":
        body = {"amount": ordered}
    for thing in (body, *body.get("purchase_units", ())):
        if "amount" in thing:
            thing["amount"] = _otherwise(thing["amount"], verdict)
    return _said(200 if what == "void" else 201, _DONE[what](steps[3:], body, verdict))


def error(name: str, issue: str) -> Reply:
    """In PayPal's own shape of every refusal."""
    message = MESSAGES.get(name, "Told for people.")
    return {"name": name, "message": message, "debug_id": "90957fca", "details": [{"issue": issue}]}


def _issue(what: str, verdict: Verdict) -> str:
    if verdict is Verdict.DECLINED_UNMAPPED:
        return "ADDED_NEXT_YEAR"
    return {
        "orders": "PAYER_CANNOT_PAY",
        "capture": "AUTHORIZATION_EXPIRED",
        "void": "CANNOT_BE_VOIDED",
        "refund": "REFUND_NOT_ALLOWED",
        "payouts": "INSUFFICIENT_FUNDS",
    }[what]


# --- what was done ----------------------------------------------------------------------------


def _created(_: list[str], body: Reply, verdict: Verdict) -> Reply:
    """With a token PayPal authorizes at once."""
    (asked,) = body["purchase_units"]
    key = OTHER if verdict is Verdict.MISMATCHED else asked["custom_id"]
    status = {Verdict.PENDING: "PAYER_ACTION_REQUIRED", Verdict.UNHEARD_OF: UNHEARD_OF}
    unit: Reply = {"reference_id": "default", "custom_id": key, "amount": asked["amount"]}
    if verdict in (Verdict.APPROVED, Verdict.OTHER_AMOUNT, Verdict.OTHER_CURRENCY):
        unit["payments"] = {"authorizations": [authorization("CREATED", key, asked["amount"])]}
    intent = body["intent"]
    if intent == "CAPTURE" and "payments" in unit:
        unit["payments"] = {"captures": [sold("COMPLETED", key, asked["amount"])]}
    return order(ORDER_ID, status.get(verdict, "COMPLETED"), unit, intent)


def _completed(path: list[str], body: Reply, verdict: Verdict) -> Reply:
    held = authorization(_state(verdict, "CREATED"), _key(verdict, AUTHORIZE), body["amount"])
    if verdict is Verdict.DECLINED:
        held["processor_response"] = {"response_code": "5120", "avs_code": "Y", "cvv_code": "M"}
    unit = {"reference_id": "default", "payments": {"authorizations": [held]}}
    return order(path[0], "COMPLETED", unit)


def _taken(path: list[str], body: Reply, verdict: Verdict) -> Reply:
    taken = sold(_state(verdict, "COMPLETED"), _key(verdict, SALE), body["amount"])
    if verdict is Verdict.DECLINED:
        taken["processor_response"] = {"response_code": "5120", "avs_code": "Y", "cvv_code": "M"}
    unit = {"reference_id": "default", "payments": {"captures": [taken]}}
    return order(path[0], "COMPLETED", unit, "CAPTURE")


def _captured(path: list[str], body: Reply, verdict: Verdict) -> Reply:
    captured = capture(
        _state(verdict, "COMPLETED"), _key(verdict, body["invoice_id"]), body["amount"]
    )
    related = {"order_id": ORDER_ID, "authorization_id": path[0]}
    if "_" in path[0]:
        del related["authorization_id"]
    return captured | {"supplementary_data": {"related_ids": related}}


def _voided(path: list[str], body: Reply, verdict: Verdict) -> Reply:
    key = _key(verdict, AUTHORIZE)
    return authorization(_state(verdict, "VOIDED"), key, body["amount"]) | {"id": path[0]}


def _refunded(path: list[str], body: Reply, verdict: Verdict) -> Reply:
    refunded = refund(
        _state(verdict, "COMPLETED"), _key(verdict, body["invoice_id"]), body["amount"]
    )
    up = {"href": f"{API}/v2/payments/captures/{path[0]}", "rel": "up", "method": "GET"}
    return refunded | {"links": [*refunded["links"], up]}


def _batch(_: list[str], body: Reply, verdict: Verdict) -> Reply:
    key = _key(verdict, body["sender_batch_header"]["sender_batch_id"])
    status = UNHEARD_OF if verdict is Verdict.UNHEARD_OF else "PENDING"
    header = {
        "payout_batch_id": BATCH_ID,
        "batch_status": status,
        "sender_batch_header": {"sender_batch_id": key},
    }
    return {"batch_header": header, "links": [self_link("v1/payments/payouts", BATCH_ID)]}


_DONE: dict[str, Callable[[list[str], Reply, Verdict], Reply]] = {
    "orders": _created,
    "authorize": _completed,
    "take": _taken,
    "capture": _captured,
    "void": _voided,
    "refund": _refunded,
    "payouts": _batch,
}


# --- what is looked at ------------------------------------------------------------------------


def _order_seen(order_id: str, verdict: Verdict) -> Reply:
    if order_id == SOLD_ORDER_ID:
        key = _key(verdict, SALE)
        taken = sold(_state(verdict, "COMPLETED"), key, _euros(verdict))
        seen = {"custom_id": key, "amount": _euros(verdict), "payments": {"captures": [taken]}}
        return order(order_id, "COMPLETED", {"reference_id": "default"} | seen, "CAPTURE")
    payments = {
        "authorizations": [authorization("CAPTURED", _key(verdict, AUTHORIZE), _euros(verdict))],
        "captures": [
            capture(_state(verdict, "COMPLETED"), _key(verdict, CAPTURE), _euros(verdict))
        ],
        "refunds": [refund(_state(verdict, "COMPLETED"), _key(verdict, REFUND), _euros(verdict))],
    }
    unit = {
        "reference_id": "default",
        "custom_id": AUTHORIZE,
        "amount": _euros(verdict),
        "payments": payments,
    }
    return order(order_id, "COMPLETED", unit)


def _authorization_seen(held_id: str, verdict: Verdict) -> Reply:
    seen = authorization(_state(verdict, "CREATED"), _key(verdict, AUTHORIZE), _euros(verdict))
    return seen | {"id": held_id} | _related()


def _capture_seen(capture_id: str, verdict: Verdict) -> Reply:
    """Of a hold, or the sale itself: its `custom_id` is the order's."""
    seen = capture(_state(verdict, "COMPLETED"), _key(verdict, CAPTURE), _euros(verdict))
    seen |= {"id": capture_id, "custom_id": _key(verdict, SALE)}
    return seen | _related(SOLD_ORDER_ID if "sold" in capture_id else ORDER_ID)


def _refund_seen(refund_id: str, verdict: Verdict) -> Reply:
    seen = refund(_state(verdict, "COMPLETED"), _key(verdict, REFUND), _euros(verdict))
    return seen | {"id": refund_id}


def _item_seen(item_id: str, verdict: Verdict) -> Reply:
    status = {
        Verdict.DECLINED: "RETURNED",
        Verdict.PENDING: "UNCLAIMED",
        Verdict.UNHEARD_OF: UNHEARD_OF,
    }
    return {
        "payout_item_id": item_id,
        "transaction_id": "1DG93452WK758815H",
        "transaction_status": status.get(verdict, "SUCCESS"),
        "payout_batch_id": BATCH_ID,
        "payout_item": {
            "recipient_type": "PAYPAL_ID",
            "receiver": "G83JXTJ5EHCQ2",
            "amount": {"currency": _euros(verdict)["currency_code"], "value": "50.00"},
            "sender_item_id": _key(verdict, PAYOUT),
        },
    }


_LOOKED_AT: dict[str, Callable[[str, Verdict], Reply]] = {
    "orders": _order_seen,
    "authorizations": _authorization_seen,
    "captures": _capture_seen,
    "refunds": _refund_seen,
    "payouts-item": _item_seen,
}


# --- how it is said ---------------------------------------------------------------------------


def _state(verdict: Verdict, done: str) -> str:
    refused = {"CREATED": "DENIED", "COMPLETED": "DECLINED"}
    match verdict:
        case Verdict.DECLINED | Verdict.DECLINED_UNMAPPED:
            return refused.get(done, done)
        case Verdict.PENDING:
            return "PENDING"
        case Verdict.UNHEARD_OF:
            return UNHEARD_OF
        case _:
            return done


def _otherwise(amount: Reply, verdict: Verdict) -> Reply:
    if verdict is Verdict.OTHER_AMOUNT:
        return amount | {"value": f"{Decimal(amount['value']) / 2:f}"}
    return amount | {"currency_code": "USD"} if verdict is Verdict.OTHER_CURRENCY else amount


def _euros(verdict: Verdict) -> Reply:
    return EUR | {"currency_code": "USD"} if verdict is Verdict.OTHER_CURRENCY else EUR


def _key(verdict: Verdict, key: str) -> str:
    return OTHER if verdict is Verdict.MISMATCHED else key


def _related(order_id: str = ORDER_ID) -> Reply:
    return {"supplementary_data": {"related_ids": {"order_id": order_id}}}


def _said(status: int, reply: Reply) -> Canned:
    return Canned(status, json.dumps(reply).encode())
