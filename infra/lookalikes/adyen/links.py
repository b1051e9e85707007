"""Payment links: Adyen's own page takes the payment, under the link's reference."""

from __future__ import annotations

import time
from datetime import datetime

from infra.lookalikes.adyen import amounts, paying, views
from infra.lookalikes.adyen.books import Books
from infra.lookalikes.adyen.calls import Call
from infra.lookalikes.adyen.cards import Card
from infra.lookalikes.adyen.errors import invalid
from infra.lookalikes.adyen.things import Link, Payment

_DAY, _LONGEST_DAYS = 86_400, 70
_REPEATED = ("countryCode", "description", "shopperEmail", "shopperLocale", "shopperReference")


def create(books: Books, call: Call) -> views.View:
    """Raises AdyenError."""
    value, currency = amounts.read(call.body)
    link = Link(
        call.account,
        call.text("reference"),
        value,
        currency,
        _expiry(call),
        call.optional("returnUrl"),
        reusable=call.body.get("reusable") is True,
        captures_at_once=call.body.get("captureDelayHours") == 0,
        said={name: call.optional(name) for name in _REPEATED if call.optional(name)},
    )
    books.links[link.id] = link
    return _view(books, link)


def read(books: Books, call: Call) -> views.View:
    return _view(books, _found(books, call))


def update(books: Books, call: Call) -> views.View:
    """Raises AdyenError. All that can be changed is that it ends."""
    link = _found(books, call)
    if call.text("status") != "expired":
        raise invalid("29_001", "Invalid status")
    if link.status != "active":
        raise invalid("29_002", "Only an active payment link can be expired")
    link.ended = "expired"
    return _view(books, link)


def answered(books: Books, link: Link, action: str, card: Card) -> None:
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
    )
    paying.on_page(books, payment, action)
    if payment.refusal is None and not link.reusable:
        link.ended = "completed"


def _view(books: Books, link: Link) -> views.View:
    url = f"{books.ground.url}/link/{link.id}"
    return views.link(link, books.merchant_account(link.account), url)


def _found(books: Books, call: Call) -> Link:
    found = books.links.get(call.id)
    if found is None or found.account != call.account:
        raise invalid("29_000", "Payment link not found")
    return found


def _expiry(call: Call) -> float:
    told = call.optional("expiresAt")
    if not told:
        return time.time() + _DAY
    try:
        at = datetime.fromisoformat(told)
    except ValueError:
        raise invalid("29_003", "Invalid expiry date") from None
    left = at.timestamp() - time.time()
    if at.tzinfo is None or not 0 < left <= _LONGEST_DAYS * _DAY:
        raise invalid("29_003", "Invalid expiry date")
    return at.timestamp()
