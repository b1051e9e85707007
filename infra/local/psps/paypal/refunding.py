"""Captures shown, and refunded: at once, after a while, or not after all."""

from __future__ import annotations

from infra.local.psps.paypal import errors, reading
from infra.local.psps.paypal.endpoint import Call, Reply
from infra.local.psps.paypal.issues import PAYMENTS
from infra.local.psps.paypal.models import Capture, Refund, Transaction
from infra.local.psps.paypal.store import Store

_PENDING_SECONDS = 0.3


def retrieve_capture(store: Store, call: Call) -> Reply:
    taken = store.capture(call.account, call.id)
    return Reply(200, lambda: store.view_capture(taken))


def retrieve(store: Store, call: Call) -> Reply:
    refund = store.refund(call.account, call.id)
    return Reply(200, lambda: store.view_refund(refund))


def create(store: Store, call: Call) -> Reply:
    """Raises PayPalError, as every rule."""
    taken = store.capture(call.account, call.id)
    amount = _amount(call, taken)
    ending = taken.order.funding.refund
    refund = Refund(
        capture=taken,
        amount=amount,
        key=call.key,
        status="COMPLETED" if ending == "COMPLETED" else "PENDING",
        custom_id=reading.text(call.body, "custom_id", PAYMENTS),
        invoice_id=reading.text(call.body, "invoice_id", PAYMENTS),
        note=reading.text(call.body, "note_to_payer", PAYMENTS, most=255),
    )
    taken.refunds.append(refund)
    store.refunds[refund.id] = refund
    if ending == "COMPLETED":
        _complete(store, refund)
    else:
        store.tell_refund("PAYMENT.REFUND.PENDING", refund)
        end = _complete if ending == "PENDING" else _fail
        store.context.later.do(_PENDING_SECONDS, lambda: end(store, refund))
    return Reply(201, lambda: store.view_refund(refund), has_minimum=True)


def _amount(call: Call, taken: Capture) -> int:
    if taken.state == "PENDING":
        raise errors.refused("PENDING_CAPTURE", PAYMENTS)
    if taken.state == "DECLINED":
        raise errors.refused("REFUND_NOT_ALLOWED", PAYMENTS)
    left = taken.amount - taken.refunded
    if not left:
        raise errors.refused("CAPTURE_FULLY_REFUNDED", PAYMENTS)
    if "amount" not in call.body:
        return left
    amount, currency = reading.money(call.body, "amount", PAYMENTS)
    if currency != taken.order.currency:
        raise errors.refused("REFUND_CAPTURE_CURRENCY_MISMATCH", PAYMENTS)
    if amount > left:
        raise errors.refused("REFUND_AMOUNT_EXCEEDED", PAYMENTS)
    return amount


def _complete(store: Store, refund: Refund) -> None:
    order, refund.status = refund.capture.order, "COMPLETED"
    store.done("refund", order, refund.id, refund.amount, key=refund.key)
    store.transactions.append(
        Transaction(
            account=order.account,
            id=refund.id,
            event_code="T1107",
            about=refund.capture.id,
            amount=-refund.amount,
            fee=0,
            currency=order.currency,
            custom=refund.custom_id or order.custom_id,
            invoice_id=refund.invoice_id,
        )
    )
    store.tell_refund("PAYMENT.CAPTURE.REFUNDED", refund)


def _fail(store: Store, refund: Refund) -> None:
    order, refund.status = refund.capture.order, "FAILED"
    store.done("refund", order, refund.id, refund.amount, key=refund.key, code="FAILED")
    store.tell_refund("PAYMENT.REFUND.FAILED", refund)
