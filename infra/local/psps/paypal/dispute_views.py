"""Disputes as JSON."""

from __future__ import annotations

from infra.local.psps.paypal.models import Dispute
from infra.local.psps.paypal.views import View, link, money, when, without_nothing


def dispute(of: Dispute, base: str) -> View:
    order = of.capture.order
    amount = money(of.amount, order.currency)
    movements = [_movement("DEBIT", amount, of.created)]
    if of.resolved is not None and of.came_back:
        movements.append(_movement("CREDIT", amount, of.resolved))
    disputed = {
        "seller_transaction_id": of.capture.id,
        "create_time": when(of.capture.created),
        "transaction_status": "COMPLETED",
        "gross_amount": money(of.capture.amount, order.currency),
        "custom": order.custom_id,
        "invoice_number": of.capture.invoice_id or order.invoice_id,
    }
    made = {
        "dispute_id": of.id,
        "create_time": when(of.created),
        "update_time": when(of.resolved or of.created),
        "disputed_transactions": [without_nothing(disputed)],
        "reason": "UNAUTHORISED",
        "status": "UNDER_REVIEW" if of.outcome is None else "RESOLVED",
        "dispute_amount": amount,
        "dispute_outcome": {"outcome_code": of.outcome} if of.outcome else None,
        "money_movements": movements,
        "dispute_life_cycle_stage": "CHARGEBACK",
        "dispute_channel": "EXTERNAL",
        "links": [link(f"{base}/v1/customer/disputes/{of.id}", "self")],
    }
    return without_nothing(made)


def _movement(kind: str, amount: View, at: float) -> View:
    return {
        "affected_party": "SELLER",
        "type": kind,
        "amount": amount,
        "initiated_time": when(at),
        "reason": "DISPUTE_SETTLEMENT",
    }
