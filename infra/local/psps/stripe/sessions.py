"""Checkout Sessions: Stripe's own page takes the payment, and makes the payment intent of it."""

from __future__ import annotations

import time

from infra.local.psps.stripe import amounts, confirming, rules, views
from infra.local.psps.stripe.errors import StripeError, invalid
from infra.local.psps.stripe.forms import Form, members
from infra.local.psps.stripe.models import Intent, Session
from infra.local.psps.stripe.rules import Call
from infra.local.psps.stripe.store import Store

_SHORTEST, _LONGEST = 30 * 60, 24 * 3600
_SLACK = 60
_PRICE = "line_items[0][price_data]"
_CAPTURES = ("automatic", "automatic_async", "manual")
_PAID = ("requires_capture", "succeeded", "processing")


def create(store: Store, call: Call) -> views.View:
    """Raises StripeError."""
    form = call.form
    for name in ("mode", "success_url", f"{_PRICE}[currency]", f"{_PRICE}[unit_amount]"):
        if name not in form:
            raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
    if form["mode"] != "payment":
        raise invalid("Invalid mode.", param="mode")
    amount = amounts.read(form[f"{_PRICE}[unit_amount]"])
    currency = amounts.currency(form[f"{_PRICE}[currency]"])
    amounts.iso_minor_units(amount, currency)
    captures = form.get("payment_intent_data[capture_method]", "automatic")
    if captures not in _CAPTURES:
        raise invalid("Invalid capture_method.", param="payment_intent_data[capture_method]")
    types = rules.types_of(form)
    rules.refuse_holds(types, captures)
    session = Session(
        account=call.account,
        amount=amount,
        currency=currency,
        capture_method=captures,
        key=call.key,
        reference=form.get("client_reference_id"),
        metadata=members(form, "metadata"),
        intent_metadata=members(form, "payment_intent_data[metadata]"),
        method_types=types,
        success_url=form["success_url"],
        cancel_url=form.get("cancel_url"),
        expires_at=_expiry(form),
    )
    store.sessions[session.id] = session
    left = session.expires_at - time.time()
    store.context.later.do(left, lambda: _lapse(store, session))
    return store.session_view(session)


def retrieve(store: Store, call: Call) -> views.View:
    expanded = any(
        each.startswith("payment_intent") for each in members(call.form, "expand").values()
    )
    return store.session_view(store.session(call.account, call.id), expanded=expanded)


def expire(store: Store, call: Call) -> views.View:
    """Raises StripeError."""
    session = store.session(call.account, call.id)
    if session.status != "open":
        raise invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of {session.status}."
        )
    _end(store, session, key=call.key)
    return store.session_view(session)


def pay(store: Store, session: Session, method: str) -> None:
    """The player pressed the button; after a no the page stays open, and another try may follow."""
    if session.status != "open":
        return
    intent = session.intent
    if intent is None:
        intent = session.intent = Intent(
            account=session.account,
            amount=session.amount,
            currency=session.currency,
            capture_method=session.capture_method,
            key=session.key,
            metadata=dict(session.intent_metadata),
            method_types=session.method_types,
            return_url=session.success_url,
        )
        store.intents[intent.id] = intent
        store.tell_intent("created", intent, key=session.key)
    intent.payment_method = method
    try:
        confirming.confirm(store, intent, present=True, asks_3ds=False)
    except StripeError:
        return
    settle(store, intent)


def settle(store: Store, intent: Intent) -> None:
    """Of an intent that a page made: once it is paid the page is complete."""
    session = store.page_of(intent)
    if session is not None and session.status == "open" and intent.status in _PAID:
        session.status = "complete"
        store.tell_session("completed", session)


def _lapse(store: Store, session: Session) -> None:
    if session.status == "open":
        _end(store, session, key="")


def _end(store: Store, session: Session, *, key: str) -> None:
    session.status = "expired"
    if session.intent is not None:
        rules.end(store, session.intent, "expired", key=key)
    store.tell_session("expired", session)


def _expiry(form: Form) -> int:
    asked, now = form.get("expires_at"), int(time.time())
    if asked is None:
        return now + _LONGEST
    if not asked.isdecimal() or not _SHORTEST - _SLACK <= int(asked) - now <= _LONGEST + _SLACK:
        message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from now."
        raise invalid(message, param="expires_at")
    return int(asked)
