"""Payment links: Adyen's own page takes the payment, under the link's reference."""

from __future__ import annotations

import time
from datetime import datetime

from infra.local.psps.adyen import amounts, paying, views
from infra.local.psps.adyen.calls import Call
from infra.local.psps.adyen.cards import Card
from infra.local.psps.adyen.errors import invalid
from infra.local.psps.adyen.models import SALES, Link, Payment
from infra.local.psps.adyen.store import Store

_DAY, _LONGEST_DAYS = 86_400, 70
_REPEATED = ("countryCode", "description", "shopperEmail", "shopperLocale", "shopperReference")


def create(store: Store, call: Call) -> views.View:
    """Raises AdyenError."""
    value, currency = amounts.read(call.body)
    allowed = call.body.get("allowedPaymentMethods") or ["scheme"]
    method = str(allowed[0]) if isinstance(allowed, list) else "scheme"
    if method in SALES and "manualCapture" in call.body:
        raise invalid("14_012", "Manual capture is not supported by this payment method")
    link = Link(
        call.account,
        call.text("reference"),
        value,
        currency,
        _expiry(call),
        call.optional("returnUrl"),
        reusable=call.body.get("reusable") is True,
        captures_at_once=call.body.get("captureDelayHours") == 0,
        method=method,
        repeated={name: call.optional(name) for name in _REPEATED if call.optional(name)},
    )
    store.links[link.id] = link
    return _view(store, link)


def read(store: Store, call: Call) -> views.View:
    return _view(store, _found(store, call))


def update(store: Store, call: Call) -> views.View:
    """Raises AdyenError. All that can be changed is that it ends."""
    link = _found(store, call)
    if call.text("status") != "expired":
        raise invalid("29_001", "Invalid status")
    if link.status != "active":
        raise invalid("29_002", "Only an active payment link can be expired")
    link.ended = "expired"
    return _view(store, link)


def answered(store: Store, link: Link, action: str, card: Card) -> None:
    """The shopper paid on the page, or could not and may try again; who leaves says nothing."""
    if action == "cancel" or link.status != "active":
        return
    payment = Payment(
        link.account,
        link.reference,
        link.amount,
        link.currency,
        card,
        captures_at_once=link.captures_at_once,
        link_id=link.id,
        method=link.method,
    )
    paying.on_page(store, payment, action)
    if payment.refusal is None and not link.reusable:
        link.ended = "completed"


def _view(store: Store, link: Link) -> views.View:
    url = f"{store.context.url}/link/{link.id}"
    return views.link(link, store.merchant_account(link.account), url)


def _found(store: Store, call: Call) -> Link:
    found = store.links.get(call.id)
    if found is None or found.account != call.account:
        raise invalid("29_000", "Payment link not found")
    return found


def _expiry(call: Call) -> float:
    expiry = call.optional("expiresAt")
    if not expiry:
        return time.time() + _DAY
    try:
        at = datetime.fromisoformat(expiry)
    except ValueError:
        raise invalid("29_003", "Invalid expiry date") from None
    left = at.timestamp() - time.time()
    if at.tzinfo is None or not 0 < left <= _LONGEST_DAYS * _DAY:
        raise invalid("29_003", "Invalid expiry date")
    return at.timestamp()
