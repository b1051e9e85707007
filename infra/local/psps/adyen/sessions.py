"""Checkout sessions: in mode `hosted` a page of Adyen's takes the payment, then sends one back.

In mode `embedded` the merchant's page would pay with Adyen's component, which nobody plays here.
"""

from __future__ import annotations

import secrets
import time

from infra.local.psps.adyen import amounts, paying, views
from infra.local.psps.adyen.calls import Call
from infra.local.psps.adyen.cards import Card
from infra.local.psps.adyen.errors import invalid
from infra.local.psps.adyen.models import Payment, Session, iso8601
from infra.local.psps.adyen.store import Store

_SECONDS = 3_600.0
_REPEATED = ("countryCode", "shopperEmail", "shopperLocale", "shopperReference")


def create(store: Store, call: Call) -> views.View:
    """Raises AdyenError."""
    value, currency = amounts.read(call.body)
    mode = call.optional("mode") or "embedded"
    if mode not in ("embedded", "hosted"):
        raise invalid("14_008", "Invalid mode")
    session = Session(
        call.account,
        call.text("reference"),
        value,
        currency,
        call.text("returnUrl", code="14_030", message="Return URL is missing."),
        time.time() + _SECONDS,
        captures_at_once=call.body.get("captureDelayHours") == 0,
    )
    store.sessions[session.id] = session
    made: views.View = {name: call.optional(name) for name in _REPEATED if call.optional(name)}
    made |= {
        "id": session.id,
        "amount": views.amount(value, currency),
        "expiresAt": iso8601(session.expires_at),
        "merchantAccount": store.merchant_account(call.account),
        "mode": mode,
        "reference": session.reference,
        "returnUrl": session.return_url,
        "sessionData": secrets.token_urlsafe(96),
    }
    return {**made, "url": f"{store.context.url}/hosted/{session.id}"} if mode == "hosted" else made


def result(store: Store, call: Call) -> views.View:
    """Raises AdyenError for whoever does not bring the result that the shopper came back with."""
    session = store.sessions.get(call.id)
    known = session is not None and session.account == call.account
    if session is None or not known or call.optional("sessionResult") != session.result:
        raise invalid("14_018", "Invalid sessionResult provided")
    made: views.View = {"id": session.id, "reference": session.reference, "status": session.status}
    if session.payment is not None and session.payment.refusal is None:
        paid = views.payment(session.payment)
        names = ("amount", "paymentMethod", "pspReference", "resultCode")
        made["payments"] = [{name: paid[name] for name in names}]
    return made


def answered(store: Store, session: Session, action: str, card: Card) -> None:
    """The shopper paid on the page, could not, or left it."""
    if session.status != "active":
        return
    if action == "cancel":
        session.ended = "canceled"
        return
    payment = Payment(
        session.account,
        session.reference,
        session.amount,
        session.currency,
        card,
        captures_at_once=session.captures_at_once,
    )
    session.payment = payment
    paying.on_page(store, payment, action)
    session.ended = "refused" if payment.refusal else "completed"
