"""Refunds: most succeed at once, some take a while, some fail."""

from __future__ import annotations

from infra.lookalikes.stripe import amounts, views
from infra.lookalikes.stripe.books import Books
from infra.lookalikes.stripe.errors import StripeError, invalid
from infra.lookalikes.stripe.forms import members
from infra.lookalikes.stripe.rules import Call
from infra.lookalikes.stripe.things import Charge, Intent, Refund

_SECONDS = 0.3
_REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(books: Books, call: Call) -> views.View:
    """Raises StripeError."""
    intent = _asked(books, call)
    charge = intent.charge
    if charge is None or not charge.captured:
        told = "This PaymentIntent does not have a successful charge to refund."
        raise invalid(told, param="payment_intent")
    amount = _amount(call, intent, charge)
    reason = call.form.get("reason")
    if reason is not None and reason not in _REASONS:
        raise invalid("Invalid reason.", param="reason")
    ending = charge.card.refund
    refund = Refund(
        account=call.account,
        intent=intent,
        charge=charge,
        amount=amount,
        key=call.key,
        metadata=members(call.form, "metadata"),
        reason=reason,
        status="pending" if ending.startswith("pending") else "succeeded",
    )
    charge.refunded += amount
    refund.balance_transaction = books.booked(intent, "refund", refund.id, -amount)
    books.refunds[refund.id] = refund
    books.tell_refund("refund.created", refund)
    books.tell_charge("refunded", charge, intent, key=call.key)
    if ending == "succeeded":
        books.done("refund", intent, refund.id, amount, key=call.key)
    else:
        books.ground.later.do(_SECONDS, lambda: _end(books, refund, ending))
    return views.refund(refund)


def retrieve(books: Books, call: Call) -> views.View:
    return views.refund(books.refund(call.account, call.id))


def _asked(books: Books, call: Call) -> Intent:
    form = call.form
    if "payment_intent" in form:
        return books.intent(call.account, form["payment_intent"], status=400)
    if "charge" in form:
        return books.charged(call.account, form["charge"], status=400)
    told = "One of the following params should be provided: payment_intent or charge."
    raise invalid(told, code="parameter_missing")


def _amount(call: Call, intent: Intent, charge: Charge) -> int:
    left = charge.captured - charge.refunded
    if left == 0:
        told = f"Charge {charge.id} has already been refunded."
        error = {"type": "invalid_request_error", "code": "charge_already_refunded"}
        raise StripeError(400, {**error, "message": told}, kept=True)
    asked = call.form.get("amount")
    amount = left if asked is None else amounts.read(asked)
    amounts.iso_minor_units(amount, intent.currency)
    if amount > left:
        told = "Refund amount is greater than unrefunded amount on charge."
        error = {"type": "invalid_request_error", "param": "amount"}
        raise StripeError(400, {**error, "message": told}, kept=True)
    return amount


def _end(books: Books, refund: Refund, ending: str) -> None:
    """Also of one that was said to have succeeded: the bank sends the money back."""
    if ending == "pending":
        refund.status = "succeeded"
        books.done("refund", refund.intent, refund.id, refund.amount, key=refund.key)
    else:
        _fail(books, refund)
    books.tell_refund("refund.updated", refund)
    books.tell_refund("charge.refund.updated", refund)


def _fail(books: Books, refund: Refund) -> None:
    refund.status, refund.failure_reason = "failed", "lost_or_stolen_card"
    refund.charge.refunded -= refund.amount
    books.booked(refund.intent, "refund_failure", refund.id, refund.amount)
    code = refund.failure_reason
    books.done("refund", refund.intent, refund.id, refund.amount, key=refund.key, code=code)
    books.tell_refund("refund.failed", refund)
