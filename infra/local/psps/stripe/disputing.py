"""Disputes: the payer's bank takes the money back, and may give it again."""

from __future__ import annotations

from infra.local.psps.stripe.models import Charge, Dispute, Intent
from infra.local.psps.stripe.store import Store


def open_(store: Store, intent: Intent, charge: Charge, amount: int) -> Dispute:
    dispute = Dispute(intent.account, intent, charge, amount)
    charge.disputed = True
    store.disputes[dispute.id] = dispute
    dispute.moves.append(store.adjusted(intent, "dispute", dispute.id, -amount))
    store.done("chargeback", intent, dispute.id, amount, key="")
    store.tell_dispute("created", dispute)
    store.tell_dispute("funds_withdrawn", dispute)
    return dispute


def close(store: Store, intent: Intent, *, won: bool) -> Dispute | None:
    """None where there is none to close."""
    found = (each for each in store.disputes.values() if each.intent is intent)
    dispute = next((each for each in found if each.status == "needs_response"), None)
    if dispute is None:
        return None
    dispute.status = "won" if won else "lost"
    if won:
        back = store.adjusted(intent, "dispute_reversal", dispute.id, dispute.amount)
        dispute.moves.append(back)
        store.done("chargeback_reversed", intent, dispute.id, dispute.amount, key="")
        store.tell_dispute("funds_reinstated", dispute)
    store.tell_dispute("closed", dispute)
    return dispute
