"""What Stripe answers to the certification suite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from activities.psp.certification import Canned, Heard, Verdict

AUTHORIZE_KEY, REFUND_KEY, OTHER_KEY = "in_cert:authorize:1", "re_cert:refund", "in_other:refund"
"""A status is asked by Stripe's id: only the suite's own instructions say what it is about."""
SALE_KEY, SOLD = "in_cert:sale:1", "ref_sold"
"""Of a sale, and what is in the id of one."""
CREATED = 1_800_000_000
Json = dict[str, Any]

WORDS = {Verdict.PENDING: "processing", Verdict.UNHEARD_OF: "under_review"}


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


def amount_of(asked: int, verdict: Verdict) -> int:
    return asked // 2 if verdict is Verdict.OTHER_AMOUNT else asked


def currency_of(asked: str, verdict: Verdict) -> str:
    return "usd" if verdict is Verdict.OTHER_CURRENCY else asked


def canned(thing: Json) -> Canned:
    return Canned(200, json.dumps(thing).encode())


def page_of(
    request: Heard, steps: Sequence[str], asked: Mapping[str, str], verdict: Verdict
) -> Canned:
    """Of the hosted page: made, expired, read, listed."""
    if request.method == "POST" and not steps:
        item = "line_items[0][price_data]"
        key = OTHER_KEY if verdict is Verdict.MISMATCHED else asked["metadata[paysaga_key]"]
        currency = currency_of(asked[f"{item}[currency]"], verdict)
        amount = amount_of(int(asked[f"{item}[unit_amount]"]), verdict)
        made = session(amount_total=amount, currency=currency, metadata={"paysaga_key": key})
        return canned(made)
    if steps[-1:] == ["expire"]:
        return canned(session(id=steps[0], status="expired", url=None))
    if steps:
        return missing() if verdict is Verdict.NOT_FOUND else canned(session(id=steps[0]))
    none = {"object": "list", "url": "/v1/checkout/sessions", "has_more": False, "data": []}
    return canned(none)


def step_of(
    steps: Sequence[str], asked: Mapping[str, str], amount: int, currency: str, verdict: Verdict
) -> Canned:
    """Of a payment intent: made, captured or canceled."""
    key = asked.get("metadata[paysaga_key]", AUTHORIZE_KEY)
    capture_method = asked.get("capture_method")
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
            return canned(intent(**fields, status=WORDS[verdict]))
        case _ if doing == "capture":
            return canned(intent(**fields, status="succeeded", amount_received=amount))
        case _ if doing == "cancel":
            return canned(intent(**fields, status="canceled"))
        case _ if capture_method == "automatic":
            return canned(_sold(**fields, amount_received=amount))
        case _:
            return canned(intent(**fields, amount_capturable=amount))


def refund_of(asked: Mapping[str, str], currency: str, verdict: Verdict) -> Canned:
    mismatched = verdict is Verdict.MISMATCHED
    made = refund(
        amount=amount_of(int(asked.get("amount", "5000")), verdict),
        currency=currency,
        payment_intent=asked["payment_intent"],
        metadata={"paysaga_key": OTHER_KEY if mismatched else asked["metadata[paysaga_key]"]},
        **_refund_words(verdict),
    )
    return canned(made)


def seen(named: str, verdict: Verdict, *, refunds: bool) -> Json:
    thing = _seen_refund(verdict) if refunds else _seen_intent(named, verdict)
    return {**thing, "currency": currency_of("eur", verdict)}


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


def searched(asked: Mapping[str, str]) -> str:
    """Whose key the search names; a list has them all."""
    return SOLD if SALE_KEY in asked.get("query", "") else "pi_certified"


def _sold(**members: Any) -> Json:
    made = {"metadata": {"paysaga_key": SALE_KEY}, "amount_received": 5000, **members}
    return intent(capture_method="automatic", status="succeeded", **made)


def _seen_intent(named: str, verdict: Verdict) -> Json:
    """So that whatever was asked of it was done, declined, promised …"""
    seen = _seen_hold(named, verdict)
    if SOLD not in named or verdict is Verdict.MISMATCHED:
        return seen
    sold = {**seen, "capture_method": "automatic", "metadata": {"paysaga_key": SALE_KEY}}
    return {**sold, "amount": 5000}


def _seen_hold(named: str, verdict: Verdict) -> Json:
    match verdict:
        case Verdict.DECLINED:
            error = {"type": "card_error", "code": "card_declined", "decline_code": "do_not_honor"}
            return intent(id=named, status="requires_payment_method", last_payment_error=error)
        case Verdict.PENDING | Verdict.UNHEARD_OF:
            return intent(id=named, status=WORDS[verdict])
        case Verdict.MISMATCHED:
            other = {"paysaga_key": OTHER_KEY}
            return intent(id=named, status="succeeded", amount_received=5000, metadata=other)
        case _:
            # Half of it captured: authorization, capture and release of the rest are all done.
            return intent(id=named, status="succeeded", amount=10_000, amount_received=5000)
