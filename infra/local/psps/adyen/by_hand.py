"""What is done to a payment without the merchant's server: in the Customer Area, by the shopper's
bank, or by time. Its webhooks have the payment's own reference."""

from __future__ import annotations

from infra.local.psps.adyen import modifying
from infra.local.psps.adyen.models import Dispute, Modification, Payment
from infra.local.psps.adyen.notices import Item
from infra.local.psps.adyen.refunding import give_back
from infra.local.psps.adyen.store import Moved, Store


def find(store: Store, reference: str) -> Payment | None:
    """The latest authorised one of a reference, whatever the merchant wrote behind it."""
    found = [
        each
        for each in store.payments.values()
        if each.refusal is None and f"{each.reference}:".startswith(f"{reference}:")
    ]
    return found[-1] if found else None


def capture(store: Store, payment: Payment, value: int | None) -> str:
    return _modified(store, payment, value or payment.held, modifying.take)


def cancel(store: Store, payment: Payment, _: int | None) -> str:
    return _modified(store, payment, payment.held, modifying.let_go)


def refund(store: Store, payment: Payment, value: int | None) -> str:
    by = _by_hand(payment, value or payment.refundable)
    give_back(store, by, "REFUND")
    return by.psp_reference


def reverse(store: Store, payment: Payment, _: int | None) -> str:
    return _modified(store, payment, payment.amount, modifying.turn_back)


def expire(store: Store, payment: Payment, _: int | None) -> str:
    """What was not captured in time is gone."""
    by = _by_hand(payment, payment.held)
    payment.held, payment.result = 0, "Cancelled"
    if by.amount:
        store.modified("void", by)
        store.tell("EXPIRE", by)
    return by.psp_reference


def charge_back(store: Store, payment: Payment, _: int | None) -> str:
    """The first time, and once more after it was defended."""
    known = store.disputes.get(payment.psp_reference)
    event = "SECOND_CHARGEBACK" if known else "CHARGEBACK"
    kind = "SecondChargeback" if known else "Chargeback"
    dispute = known or store.disputes.setdefault(payment.psp_reference, Dispute(payment))
    return _disputed(store, dispute, event, kind)


def reverse_chargeback(store: Store, payment: Payment, _: int | None) -> str:
    dispute = store.disputes.get(payment.psp_reference)
    return _disputed(store, dispute, "CHARGEBACK_REVERSED", "ChargebackReversed") if dispute else ""


def _disputed(store: Store, dispute: Dispute, event: str, kind: str) -> str:
    of = dispute.payment
    store.moved.append(
        Moved(of.account, kind, of, of.captured, dispute.psp_reference, of.reference)
    )
    store.notices.tell(
        Item(
            of.account,
            event,
            dispute.psp_reference,
            of.reference,
            of.captured,
            of.currency,
            original=of.psp_reference,
            method=of.named,
        )
    )
    return dispute.psp_reference


def _modified(store: Store, payment: Payment, amount: int, effect: modifying.Effect) -> str:
    by = _by_hand(payment, amount)
    effect(store, by)
    return by.psp_reference


def _by_hand(payment: Payment, amount: int) -> Modification:
    """Without a reference of its own; in the journal under the payment's."""
    return Modification(payment, amount, "", payment.reference)
