"""What each call does. All raise StripeError for what Stripe would refuse."""

from __future__ import annotations

import time
from dataclasses import dataclass

from infra.local.psps.stripe import amounts, confirming, views
from infra.local.psps.stripe.cards import CARDS
from infra.local.psps.stripe.errors import StripeError, invalid, missing, unexpected_state
from infra.local.psps.stripe.forms import Form, members
from infra.local.psps.stripe.models import Charge, Intent
from infra.local.psps.stripe.store import Store

SALES = frozenset({"bancontact", "blik", "eps", "ideal", "p24", "pix", "swish", "twint"})
"""Methods whose money is taken at once."""

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


def create(store: Store, call: Call) -> views.View:
    form = call.form
    for name in ("amount", "currency"):
        if name not in form:
            raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
    amount, currency = amounts.read(form["amount"]), amounts.currency(form["currency"])
    amounts.iso_minor_units(amount, currency)
    method = form.get("capture_method", "automatic")
    if method not in ("automatic", "automatic_async", "manual"):
        raise invalid("Invalid capture_method.", param="capture_method")
    refuse_holds(types_of(form), method)
    intent = Intent(
        account=call.account,
        amount=amount,
        currency=currency,
        capture_method=method,
        key=call.key,
        metadata=members(form, "metadata"),
        description=form.get("description"),
        method_types=types_of(form),
    )
    _set_method(intent, call)
    confirms = form.get("confirm") == "true"
    if confirms and intent.payment_method is None:
        raise invalid("You cannot confirm without a payment method.", param="payment_method")
    store.intents[intent.id] = intent
    store.tell_intent("created", intent, key=call.key)
    if confirms:
        _confirm(store, intent, call)
    return store.view(intent, expanded=call.expands)


def confirm(store: Store, call: Call) -> views.View:
    intent = store.intent(call.account, call.id)
    if intent.status not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise _wrong(store, intent, "confirmed")
    _set_method(intent, call)
    if intent.payment_method is None:
        raise invalid("You cannot confirm without a payment method.", param="payment_method")
    intent.key = call.key
    _confirm(store, intent, call)
    return store.view(intent, expanded=call.expands)


def capture(store: Store, call: Call) -> views.View:
    intent = store.intent(call.account, call.id)
    charge = intent.charge
    if intent.status != "requires_capture" or charge is None:
        raise _wrong(store, intent, "captured")
    asked = call.form.get("amount_to_capture")
    amount = intent.amount if asked is None else amounts.read(asked, "amount_to_capture")
    amounts.iso_minor_units(amount, intent.currency, "amount_to_capture")
    if amount > intent.capturable:
        message = "The requested capture amount is greater than the amount you can capture."
        raise invalid(message, code="amount_too_large", param="amount_to_capture")
    if not charge.card.captures:
        raise _capture_refused(store, intent, charge, amount, call.key)
    intent.metadata.update(members(call.form, "metadata"))
    confirming.take(store, intent, charge, amount, key=call.key)
    return store.view(intent, expanded=call.expands)


def cancel(store: Store, call: Call) -> views.View:
    intent = store.intent(call.account, call.id)
    page = store.page_of(intent)
    held = intent.capturable
    if (not held and intent.status not in _CANCELABLE) or (page and page.status == "open"):
        raise _wrong(store, intent, "canceled")
    end(store, intent, call.form.get("cancellation_reason"), key=call.key)
    return store.view(intent, expanded=call.expands)


def end(store: Store, intent: Intent, reason: str | None, *, key: str) -> None:
    """Canceled, by whomever: what it held is released."""
    held = intent.capturable
    intent.status, intent.canceled_at = "canceled", int(time.time())
    intent.cancellation_reason = reason
    store.done("void", intent, intent.id, held, key=key)
    if held and intent.charge is not None:
        # Stripe calls what it releases refunded.
        intent.charge.refunded = held
        store.tell_charge("refunded", intent.charge, intent, key=key)
    store.tell_intent("canceled", intent, key=key)


def retrieve(store: Store, call: Call) -> views.View:
    return store.view(store.intent(call.account, call.id), expanded=call.expands)


def retrieve_charge(store: Store, call: Call) -> views.View:
    owner = store.charged(call.account, call.id)
    assert owner.charge is not None  # noqa: S101
    return views.charge(owner.charge, owner)


def refuse_holds(types: tuple[str, ...], capture_method: str) -> None:
    """Raises StripeError for a hold by a method that knows none."""
    unable = sorted(set(types) & SALES)
    if capture_method == "manual" and unable:
        message = f"The payment method type {unable[0]} does not support manual capture."
        raise invalid(message, param="capture_method")


def types_of(form: Form) -> tuple[str, ...]:
    asked = members(form, "payment_method_types") or members(form, "allowed_payment_method_types")
    return tuple(asked.values()) or ("card",)


def _set_method(intent: Intent, call: Call) -> None:
    form = call.form
    method = form.get("payment_method")
    if method is not None and method not in CARDS:
        raise missing("PaymentMethod", method, param="payment_method", status=400)
    if method is not None:
        intent.payment_method, intent.status = method, "requires_confirmation"
    intent.return_url = form.get("return_url", intent.return_url)


def _confirm(store: Store, intent: Intent, call: Call) -> None:
    form = call.form
    absent = form.get("off_session", "false") != "false"
    absent = absent or form.get("error_on_requires_action") == "true"
    wanted = form.get("payment_method_options[card][request_three_d_secure]", "automatic")
    confirming.confirm(store, intent, present=not absent, asks_3ds=wanted != "automatic")


def _wrong(store: Store, intent: Intent, done: str) -> StripeError:
    message = f"This PaymentIntent could not be {done} because it has a status of {intent.status}."
    return unexpected_state(message, store.view(intent))


def _capture_refused(
    store: Store, intent: Intent, charge: Charge, amount: int, key: str
) -> StripeError:
    store.done("capture", intent, charge.id, amount, key=key, code="generic_decline")
    error = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "generic_decline",
        "message": "Your card was declined.",
        "charge": charge.id,
        "payment_intent": store.view(intent),
    }
    return StripeError(402, error, kept=True)
