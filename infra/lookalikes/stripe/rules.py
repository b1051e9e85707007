"""What each call does. All raise StripeError for what Stripe would refuse."""

from __future__ import annotations

import time
from dataclasses import dataclass

from infra.lookalikes.stripe import amounts, confirming, views
from infra.lookalikes.stripe.books import Books
from infra.lookalikes.stripe.cards import CARDS
from infra.lookalikes.stripe.errors import StripeError, invalid, missing, unexpected_state
from infra.lookalikes.stripe.forms import Form, members
from infra.lookalikes.stripe.things import Charge, Intent

_CANCELABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


@dataclass(frozen=True)
class Call:
    account: str
    key: str
    """The Idempotency-Key; empty without one."""
    id: str
    """From the path."""
    form: Form

    @property
    def expands(self) -> bool:
        return any(each.endswith("latest_charge") for each in members(self.form, "expand").values())


def create(books: Books, call: Call) -> views.View:
    form = call.form
    for name in ("amount", "currency"):
        if name not in form:
            raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
    amount, currency = amounts.read(form["amount"]), amounts.currency(form["currency"])
    amounts.iso_minor_units(amount, currency)
    method = form.get("capture_method", "automatic")
    if method not in ("automatic", "automatic_async", "manual"):
        raise invalid("Invalid capture_method.", param="capture_method")
    intent = Intent(
        account=call.account,
        amount=amount,
        currency=currency,
        capture_method=method,
        key=call.key,
        metadata=members(form, "metadata"),
        description=form.get("description"),
    )
    _set_method(intent, call)
    confirms = form.get("confirm") == "true"
    if confirms and intent.payment_method is None:
        raise invalid("You cannot confirm without a payment method.", param="payment_method")
    books.intents[intent.id] = intent
    books.tell_intent("created", intent, key=call.key)
    if confirms:
        _confirm(books, intent, call)
    return books.view(intent, expanded=call.expands)


def confirm(books: Books, call: Call) -> views.View:
    intent = books.intent(call.account, call.id)
    if intent.status not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise _wrong(books, intent, "confirmed")
    _set_method(intent, call)
    if intent.payment_method is None:
        raise invalid("You cannot confirm without a payment method.", param="payment_method")
    intent.key = call.key
    _confirm(books, intent, call)
    return books.view(intent, expanded=call.expands)


def capture(books: Books, call: Call) -> views.View:
    intent = books.intent(call.account, call.id)
    charge = intent.charge
    if intent.status != "requires_capture" or charge is None:
        raise _wrong(books, intent, "captured")
    asked = call.form.get("amount_to_capture")
    amount = intent.amount if asked is None else amounts.read(asked, "amount_to_capture")
    amounts.iso_minor_units(amount, intent.currency, "amount_to_capture")
    if amount > intent.capturable:
        told = "The requested capture amount is greater than the amount you can capture."
        raise invalid(told, code="amount_too_large", param="amount_to_capture")
    if not charge.card.captures:
        raise _capture_refused(books, intent, charge, amount, call.key)
    intent.metadata.update(members(call.form, "metadata"))
    confirming.take(books, intent, charge, amount, key=call.key)
    return books.view(intent, expanded=call.expands)


def cancel(books: Books, call: Call) -> views.View:
    intent = books.intent(call.account, call.id)
    held = intent.capturable
    if not held and intent.status not in _CANCELABLE:
        raise _wrong(books, intent, "canceled")
    intent.status, intent.canceled_at = "canceled", int(time.time())
    intent.cancellation_reason = call.form.get("cancellation_reason")
    books.done("void", intent, intent.id, held, key=call.key)
    if held and intent.charge is not None:
        # Stripe calls what it releases refunded.
        intent.charge.refunded = held
        books.tell_charge("refunded", intent.charge, intent, key=call.key)
    books.tell_intent("canceled", intent, key=call.key)
    return books.view(intent, expanded=call.expands)


def retrieve(books: Books, call: Call) -> views.View:
    return books.view(books.intent(call.account, call.id), expanded=call.expands)


def retrieve_charge(books: Books, call: Call) -> views.View:
    owner = books.charged(call.account, call.id)
    assert owner.charge is not None  # noqa: S101
    return views.charge(owner.charge, owner)


def _set_method(intent: Intent, call: Call) -> None:
    form = call.form
    method = form.get("payment_method")
    if method is not None and method not in CARDS:
        raise missing("PaymentMethod", method, param="payment_method", status=400)
    if method is not None:
        intent.payment_method, intent.status = method, "requires_confirmation"
    intent.return_url = form.get("return_url", intent.return_url)


def _confirm(books: Books, intent: Intent, call: Call) -> None:
    form = call.form
    absent = form.get("off_session", "false") != "false"
    absent = absent or form.get("error_on_requires_action") == "true"
    wanted = form.get("payment_method_options[card][request_three_d_secure]", "automatic")
    confirming.confirm(books, intent, present=not absent, asks_3ds=wanted != "automatic")


def _wrong(books: Books, intent: Intent, done: str) -> StripeError:
    told = f"This PaymentIntent could not be {done} because it has a status of {intent.status}."
    return unexpected_state(told, books.view(intent))


def _capture_refused(
    books: Books, intent: Intent, charge: Charge, amount: int, key: str
) -> StripeError:
    books.done("capture", intent, charge.id, amount, key=key, code="generic_decline")
    told = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "generic_decline",
        "message": "Your card was declined.",
        "charge": charge.id,
        "payment_intent": books.view(intent),
    }
    return StripeError(402, told, kept=True)
