"""What is asked of a payment later: received at once, done a moment after, told by webhook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from infra.local.psps.adyen import amounts, views
from infra.local.psps.adyen.calls import Call
from infra.local.psps.adyen.errors import invalid
from infra.local.psps.adyen.models import Modification, Payment, new_reference
from infra.local.psps.adyen.refunding import give_back
from infra.local.psps.adyen.store import Store

SECONDS = 0.2
Effect = Callable[[Store, Modification], None]
_NO_BALANCE = "Insufficient balance on payment"
_NOTHING_HELD = "Transaction is not authorised"


def capture(store: Store, call: Call) -> views.View:
    return _priced(store, call, _capture)


def refund(store: Store, call: Call) -> views.View:
    return _priced(store, call, lambda to, by: give_back(to, by, "REFUND"))


def update(store: Store, call: Call) -> views.View:
    call.text("reference")
    return _priced(store, call, _update)


def cancel(store: Store, call: Call) -> views.View:
    payment = store.payment(call.account, call.id)
    return _received(store, call, payment, payment.held or payment.amount, _cancel)


def reverse(store: Store, call: Call) -> views.View:
    payment = store.payment(call.account, call.id)
    return _received(store, call, payment, payment.amount, _reverse)


def technical_cancel(store: Store, call: Call) -> views.View:
    """By the merchant's reference of the payment, which may turn out to be nobody's."""
    sought, reference, made = (
        call.text("paymentReference"),
        call.optional("reference"),
        new_reference(),
    )

    def happen() -> None:
        found = [
            each
            for each in store.payments.values()
            if (each.account, each.reference) == (call.account, sought)
        ]
        found.sort(key=lambda each: each.held)
        if found:
            by = Modification(found[-1], found[-1].amount, reference, call.key, made)
            _release(store, by, "TECHNICAL_CANCEL")

    store.context.later.do(SECONDS, happen)
    answer: views.View = {
        "merchantAccount": store.merchant_account(call.account),
        "paymentReference": sought,
        "pspReference": made,
        "status": "received",
    }
    return {**answer, "reference": reference} if reference else answer


def _priced(store: Store, call: Call, effect: Effect) -> views.View:
    """Raises AdyenError."""
    payment = store.payment(call.account, call.id)
    value, currency = amounts.read(call.body)
    if currency != payment.currency:
        raise invalid("138", "Currency differs from that of the payment")
    return _received(store, call, payment, value, effect, priced=True)


def _received(
    store: Store, call: Call, payment: Payment, value: int, effect: Effect, *, priced: bool = False
) -> views.View:
    by = Modification(payment, value, call.optional("reference"), call.key)
    store.context.later.do(SECONDS, lambda: effect(store, by))
    return views.received(by, store.merchant_account(call.account), priced=priced)


def _capture(store: Store, by: Modification) -> None:
    payment = by.payment
    if by.amount > payment.held:
        store.modified("capture", by, _NO_BALANCE)
        store.tell("CAPTURE", by, refused=_NO_BALANCE)
    elif payment.card.capture == "fails":
        fail_capture(store, by)
    else:
        rest, payment.held = payment.held - by.amount, 0
        payment.captured += by.amount
        if payment.card.capture == "succeeds":
            _captured(store, by, rest)
        else:
            store.context.later.do(SECONDS, lambda: _uncapture(store, by, rest))
        store.tell("CAPTURE", by)


def _captured(store: Store, by: Modification, rest: int) -> None:
    """What is left of the authorisation is cancelled by Adyen itself, without a word."""
    store.modified("capture", by)
    store.settles("Settled", by)
    if rest:
        store.done("void", by.payment, rest, id_=by.psp_reference, reference=by.journal_reference)


def _uncapture(store: Store, by: Modification, rest: int) -> None:
    """The scheme rejects a capture that was told to have succeeded: the money is held again."""
    by.payment.captured -= by.amount
    by.payment.held = by.amount + rest
    fail_capture(store, by)


def fail_capture(store: Store, by: Modification) -> None:
    store.modified("capture", by, "CAPTURE_FAILED")
    store.tell("CAPTURE_FAILED", by)


def _cancel(store: Store, by: Modification) -> None:
    _release(store, by, "CANCELLATION")


def _release(store: Store, by: Modification, event: str) -> None:
    payment = by.payment
    held, payment.held = payment.held, 0
    if not held:
        store.modified("void", by, _NOTHING_HELD)
        store.tell(event, by, refused=_NOTHING_HELD)
        return
    payment.result, by = "Cancelled", replace(by, amount=held)
    store.modified("void", by)
    additional = {"modification.action": "cancel"} if event == "CANCEL_OR_REFUND" else None
    store.tell(event, by, additional=additional)


def _reverse(store: Store, by: Modification) -> None:
    """Released where it is held, given back where it was taken."""
    if by.payment.refundable:
        whole = replace(by, amount=by.payment.refundable)
        give_back(store, whole, "CANCEL_OR_REFUND", {"modification.action": "refund"})
    else:
        _release(store, by, "CANCEL_OR_REFUND")


def _update(store: Store, by: Modification) -> None:
    """To another amount; the journal gets the difference."""
    payment, event = by.payment, "AUTHORISATION_ADJUSTMENT"
    if not payment.held:
        store.tell(event, by, refused=_NOTHING_HELD)
        return
    more = by.amount - payment.held
    payment.held = payment.amount = by.amount
    if more:
        store.done(
            "authorization" if more > 0 else "void",
            payment,
            abs(more),
            id_=by.psp_reference,
            reference=by.journal_reference,
        )
    store.tell(event, by)


take, let_go, turn_back = _capture, _cancel, _reverse
"""What a capture, a cancellation and a reversal do, whoever asks for it."""
