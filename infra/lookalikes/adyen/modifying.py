"""What is asked of a payment later: received at once, done a moment after, told by webhook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from infra.lookalikes.adyen import amounts, views
from infra.lookalikes.adyen.books import Books
from infra.lookalikes.adyen.calls import Call
from infra.lookalikes.adyen.errors import invalid
from infra.lookalikes.adyen.refunding import give_back
from infra.lookalikes.adyen.things import Modification, Payment, new_reference

SECONDS = 0.2
Effect = Callable[[Books, Modification], None]
_NO_BALANCE = "Insufficient balance on payment"
_NOTHING_HELD = "Transaction is not authorised"


def capture(books: Books, call: Call) -> views.View:
    return _priced(books, call, _capture)


def refund(books: Books, call: Call) -> views.View:
    return _priced(books, call, lambda to, by: give_back(to, by, "REFUND"))


def update(books: Books, call: Call) -> views.View:
    call.text("reference")
    return _priced(books, call, _update)


def cancel(books: Books, call: Call) -> views.View:
    payment = books.payment(call.account, call.id)
    return _received(books, call, payment, payment.held or payment.amount, _cancel)


def reverse(books: Books, call: Call) -> views.View:
    payment = books.payment(call.account, call.id)
    return _received(books, call, payment, payment.amount, _reverse)


def technical_cancel(books: Books, call: Call) -> views.View:
    """By the merchant's reference of the payment, which may turn out to be nobody's."""
    sought, reference, made = (
        call.text("paymentReference"),
        call.optional("reference"),
        new_reference(),
    )

    def happen() -> None:
        found = [
            each
            for each in books.payments.values()
            if (each.account, each.reference) == (call.account, sought)
        ]
        found.sort(key=lambda each: each.held)
        if found:
            by = Modification(found[-1], found[-1].amount, reference, call.key, made)
            _release(books, by, "TECHNICAL_CANCEL")

    books.ground.later.do(SECONDS, happen)
    answer: views.View = {
        "merchantAccount": books.merchant_account(call.account),
        "paymentReference": sought,
        "pspReference": made,
        "status": "received",
    }
    return {**answer, "reference": reference} if reference else answer


def _priced(books: Books, call: Call, effect: Effect) -> views.View:
    """Raises AdyenError."""
    payment = books.payment(call.account, call.id)
    value, currency = amounts.read(call.body)
    if currency != payment.currency:
        raise invalid("138", "Currency differs from that of the payment")
    return _received(books, call, payment, value, effect, priced=True)


def _received(
    books: Books, call: Call, payment: Payment, value: int, effect: Effect, *, priced: bool = False
) -> views.View:
    by = Modification(payment, value, call.optional("reference"), call.key)
    books.ground.later.do(SECONDS, lambda: effect(books, by))
    return views.received(by, books.merchant_account(call.account), priced=priced)


def _capture(books: Books, by: Modification) -> None:
    payment = by.payment
    if by.amount > payment.held:
        books.modified("capture", by, _NO_BALANCE)
        books.tell("CAPTURE", by, refused=_NO_BALANCE)
    elif payment.card.capture == "fails":
        fail_capture(books, by)
    else:
        rest, payment.held = payment.held - by.amount, 0
        payment.captured += by.amount
        if payment.card.capture == "succeeds":
            _captured(books, by, rest)
        else:
            books.ground.later.do(SECONDS, lambda: _uncapture(books, by, rest))
        books.tell("CAPTURE", by)


def _captured(books: Books, by: Modification, rest: int) -> None:
    """What is left of the authorisation is cancelled by Adyen itself, without a word."""
    books.modified("capture", by)
    books.settles("Settled", by)
    if rest:
        books.done("void", by.payment, rest, id_=by.psp_reference, reference=by.journal_reference)


def _uncapture(books: Books, by: Modification, rest: int) -> None:
    """The scheme rejects a capture that was told to have succeeded: the money is held again."""
    by.payment.captured -= by.amount
    by.payment.held = by.amount + rest
    fail_capture(books, by)


def fail_capture(books: Books, by: Modification) -> None:
    books.modified("capture", by, "CAPTURE_FAILED")
    books.tell("CAPTURE_FAILED", by)


def _cancel(books: Books, by: Modification) -> None:
    _release(books, by, "CANCELLATION")


def _release(books: Books, by: Modification, event: str) -> None:
    payment = by.payment
    held, payment.held = payment.held, 0
    if not held:
        books.modified("void", by, _NOTHING_HELD)
        books.tell(event, by, refused=_NOTHING_HELD)
        return
    payment.result, by = "Cancelled", replace(by, amount=held)
    books.modified("void", by)
    data = {"modification.action": "cancel"} if event == "CANCEL_OR_REFUND" else None
    books.tell(event, by, data=data)


def _reverse(books: Books, by: Modification) -> None:
    """Released where it is held, given back where it was taken."""
    if by.payment.refundable:
        whole = replace(by, amount=by.payment.refundable)
        give_back(books, whole, "CANCEL_OR_REFUND", {"modification.action": "refund"})
    else:
        _release(books, by, "CANCEL_OR_REFUND")


def _update(books: Books, by: Modification) -> None:
    """To another amount; the journal gets the difference."""
    payment, event = by.payment, "AUTHORISATION_ADJUSTMENT"
    if not payment.held:
        books.tell(event, by, refused=_NOTHING_HELD)
        return
    more = by.amount - payment.held
    payment.held = payment.amount = by.amount
    if more:
        books.done(
            "authorization" if more > 0 else "void",
            payment,
            abs(more),
            id_=by.psp_reference,
            reference=by.journal_reference,
        )
    books.tell(event, by)
