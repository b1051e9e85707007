"""Stripe's objects as JSON. A member that has no value and may not be null is left out."""

from __future__ import annotations

from typing import Any

from infra.local.psps.stripe import cards
from infra.local.psps.stripe.models import (
    BalanceTransaction,
    Charge,
    Dispute,
    Intent,
    Refund,
    Session,
)

View = dict[str, Any]
_TWO_DAYS, _SEVEN_DAYS = 2 * 86_400, 7 * 86_400
_NOBODY: View = {
    "address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
    "email": None,
    "name": None,
    "phone": None,
}


def intent(of: Intent, page_url: str, *, expanded: bool = False) -> View:
    made: View = {
        "id": of.id,
        "object": "payment_intent",
        "amount": of.amount,
        "amount_capturable": of.capturable,
        "amount_details": {"tip": {}},
        "amount_received": of.charge.captured if of.charge else 0,
        "canceled_at": of.canceled_at,
        "cancellation_reason": of.cancellation_reason,
        "capture_method": of.capture_method,
        "client_secret": f"{of.id}_{of.client_secret}",
        "confirmation_method": "automatic",
        "created": of.created,
        "currency": of.currency.lower(),
        "description": of.description,
        "livemode": False,
        "metadata": of.metadata,
        "payment_method_types": list(of.method_types),
        "status": of.status,
    }
    if of.payment_method is not None:
        made["payment_method"] = of.payment_method
    if of.charge is not None:
        made["latest_charge"] = charge(of.charge, of) if expanded else of.charge.id
    if of.last_error is not None:
        made["last_payment_error"] = of.last_error
    if of.status == "requires_action":
        made["next_action"] = _next_action(of, page_url)
    return made


def _next_action(of: Intent, page_url: str) -> View:
    if of.return_url is None:
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    return {
        "type": "redirect_to_url",
        "redirect_to_url": {"return_url": of.return_url, "url": page_url},
    }


def charge(of: Charge, owner: Intent) -> View:
    decline = of.decline
    return {
        "id": of.id,
        "object": "charge",
        "amount": of.amount,
        "amount_captured": of.captured,
        "amount_refunded": of.refunded,
        "balance_transaction": of.balance_transaction,
        "billing_details": _NOBODY,
        "captured": of.captured > 0,
        "created": of.created,
        "currency": of.currency.lower(),
        "disputed": of.disputed,
        "failure_code": decline.code if decline else None,
        "failure_message": cards.MESSAGES[decline.code] if decline else None,
        "livemode": False,
        "metadata": owner.metadata,
        "outcome": _outcome(of),
        "paid": decline is None,
        "payment_intent": owner.id,
        "payment_method": of.payment_method,
        "payment_method_details": {"card": _card(of), "type": "card"},
        "refunded": of.refunded > 0 and of.refunded >= (of.captured or of.amount),
        "status": "failed" if decline else "succeeded",
    }


def _outcome(of: Charge) -> View:
    no = of.decline
    if no is None:
        network, kind, message = "approved_by_network", "authorized", "Payment complete."
    elif no.blocked:
        network, kind, message = "not_sent_to_network", "blocked", "Stripe blocked this payment."
    else:
        network, kind, message = "declined_by_network", "issuer_declined", "The bank said no."
    return {
        "advice_code": no.advice if no else None,
        "network_advice_code": no.network_advice if no else None,
        "network_decline_code": no.network_code if no else None,
        "network_status": network,
        "reason": (no.risk or no.decline_code) if no else None,
        "risk_level": "highest" if no and no.risk else "normal",
        "seller_message": message,
        "type": kind,
    }


def _card(of: Charge) -> View:
    three_ds = of.three_ds and {
        "authentication_flow": of.three_ds.flow,
        "electronic_commerce_indicator": of.three_ds.eci,
        "exemption_indicator": None,
        "result": of.three_ds.result,
        "result_reason": None,
        "transaction_id": of.three_ds.transaction_id,
        "version": "2.2.0",
    }
    return {
        "amount_authorized": of.amount,
        "authorization_code": None if of.decline else of.auth_code,
        "brand": of.card.network,
        "capture_before": of.created + _SEVEN_DAYS,
        "checks": {
            "address_line1_check": of.card.line1,
            "address_postal_code_check": of.card.postal_code,
            "cvc_check": of.card.cvc,
        },
        "country": "US",
        "exp_month": 12,
        "exp_year": 2034,
        "funding": "credit",
        "last4": of.card.last4,
        "network": of.card.network,
        "network_transaction_id": of.id.removeprefix("ch_")[:15],
        "three_d_secure": three_ds,
    }


def payment_method(name: str, card: cards.Card, created: int) -> View:
    return {
        "id": name,
        "object": "payment_method",
        "billing_details": _NOBODY,
        "created": created,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def refund(of: Refund) -> View:
    made: View = {
        "id": of.id,
        "object": "refund",
        "amount": of.amount,
        "charge": of.charge.id,
        "created": of.created,
        "currency": of.intent.currency.lower(),
        "metadata": of.metadata,
        "payment_intent": of.intent.id,
        "reason": of.reason,
        "receipt_number": None,
        "status": of.status,
    }
    if of.balance_transaction is not None:
        made["balance_transaction"] = of.balance_transaction
    if of.failure_reason is not None:
        made["failure_reason"] = of.failure_reason
    return made


def session(of: Session, url: str, paid: View | str | None) -> View:
    """`paid`: its payment intent, by its id unless it was to be expanded."""
    return {
        "id": of.id,
        "object": "checkout.session",
        "amount_subtotal": of.amount,
        "amount_total": of.amount,
        "cancel_url": of.cancel_url,
        "client_reference_id": of.reference,
        "created": of.created,
        "currency": of.currency.lower(),
        "expires_at": of.expires_at,
        "livemode": False,
        "metadata": of.metadata,
        "mode": "payment",
        "payment_intent": paid,
        "payment_method_types": list(of.method_types),
        "payment_status": "paid" if of.intent and of.intent.status == "succeeded" else "unpaid",
        "status": of.status,
        "success_url": of.success_url,
        "ui_mode": "hosted",
        "url": url if of.status == "open" else None,
    }


def dispute(of: Dispute) -> View:
    return {
        "id": of.id,
        "object": "dispute",
        "amount": of.amount,
        "balance_transactions": [balance_transaction(each) for each in of.moves],
        "charge": of.charge.id,
        "created": of.created,
        "currency": of.intent.currency.lower(),
        "evidence": {},
        "evidence_details": {"due_by": None, "has_evidence": False, "past_due": False},
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": of.intent.id,
        "reason": "fraudulent",
        "status": of.status,
    }


def early_fraud_warning(id_: str, of: Charge, owner: Intent) -> View:
    return {
        "id": id_,
        "object": "radar.early_fraud_warning",
        "actionable": True,
        "charge": of.id,
        "created": of.created,
        "fraud_type": "made_with_stolen_card",
        "livemode": False,
        "payment_intent": owner.id,
    }


def balance_transaction(of: BalanceTransaction) -> View:
    fees = [
        {
            "amount": of.fee,
            "currency": of.currency.lower(),
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    return {
        "id": of.id,
        "object": "balance_transaction",
        "amount": of.amount,
        "available_on": of.created + _TWO_DAYS,
        "created": of.created,
        "currency": of.currency.lower(),
        "description": None,
        "exchange_rate": None,
        "fee": of.fee,
        "fee_details": fees if of.fee else [],
        "net": of.amount - of.fee,
        "reporting_category": of.category,
        "source": of.source,
        "status": "pending",
        "type": of.type,
    }
