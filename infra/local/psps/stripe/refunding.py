"""Refunds: most succeed at once, some take a while, some fail."""

from __future__ import annotations

from infra.local.psps.stripe import amounts, views
from infra.local.psps.stripe.errors import StripeError, invalid
from infra.local.psps.stripe.forms import members
from infra.local.psps.stripe.models import Charge, Intent, Refund
from infra.local.psps.stripe.rules import Call
from infra.local.psps.stripe.store import Store

_SECONDS = 0.3
_REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(store: Store, call: Call) -> views.View:
    """Raises StripeError."""
    intent = _asked(store, call)
    charge = intent.charge
    if charge is None or not charge.captured:
        message = "This PaymentIntent does not have a successful charge to refund."
        raise invalid(message, param="payment_intent")
    amount = _amount(call, intent, charge)
    reason = call.form.get("reason")
    if reason is not None and reason not in _REASONS:
        raise invalid("Invalid reason.", param="reason")
    return views.refund(give_back(store, call, intent, charge, amount))


def give_back(store: Store, call: Call, intent: Intent, charge: Charge, amount: int) -> Refund:
    """By the merchant's call, or by somebody in the dashboard (without a key)."""
    reason = call.form.get("reason")
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
    refund.balance_transaction = store.booked(intent, "refund", refund.id, -amount)
    store.refunds[refund.id] = refund
    store.tell_refund("refund.created", refund)
    store.tell_charge("refunded", charge, intent, key=call.key)
    if ending == "succeeded":
        store.done("refund", intent, refund.id, amount, key=call.key)
    else:
        store.context.later.do(_SECONDS, lambda: _end(store, refund, ending))
    return refund


def retrieve(store: Store, call: Call) -> views.View:
    return views.refund(store.refund(call.account, call.id))


def _asked(store: Store, call: Call) -> Intent:
    form = call.form
    if "payment_intent" in form:
        return store.intent(call.account, form["payment_intent"], status=400)
    if "charge" in form:
        return store.charged(call.account, form["charge"], status=400)
    message = "One of the following params should be provided: payment_intent or charge."
    raise invalid(message, code="parameter_missing")


def _amount(call: Call, intent: Intent, charge: Charge) -> int:
    left = charge.captured - charge.refunded
    if left == 0:
        message = f"Charge {charge.id} has already been refunded."
        error = {"type": "invalid_request_error", "code": "charge_already_refunded"}
        raise StripeError(400, {**error, "message": message}, kept=True)
    asked = call.form.get("amount")
    amount = left if asked is None else amounts.read(asked)
    amounts.iso_minor_units(amount, intent.currency)
    if amount > left:
        message = "Refund amount is greater than unrefunded amount on charge."
        error = {"type": "invalid_request_error", "param": "amount"}
        raise StripeError(400, {**error, "message": message}, kept=True)
    return amount


def _end(store: Store, refund: Refund, ending: str) -> None:
    """Also of one that was said to have succeeded: the bank sends the money back."""
    if ending == "pending":
        refund.status = "succeeded"
        store.done("refund", refund.intent, refund.id, refund.amount, key=refund.key)
    else:
        _fail(store, refund)
    store.tell_refund("refund.updated", refund)
    store.tell_refund("charge.refund.updated", refund)


def _fail(store: Store, refund: Refund) -> None:
    refund.status, refund.failure_reason = "failed", "lost_or_stolen_card"
    refund.charge.refunded -= refund.amount
    store.booked(refund.intent, "refund_failure", refund.id, refund.amount)
    code = refund.failure_reason
    store.done("refund", refund.intent, refund.id, refund.amount, key=refund.key, code=code)
    store.tell_refund("refund.failed", refund)
