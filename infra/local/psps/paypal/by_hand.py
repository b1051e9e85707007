"""What people and time do at PayPal without the merchant's API: its dashboard, a bank, a lapse."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from infra.local.psps.paypal.holding import complete
from infra.local.psps.paypal.models import (
    Authorization,
    Capture,
    Dispute,
    Order,
    Refund,
    Transaction,
    new_id,
)
from infra.local.psps.paypal.store import Store


class Impossible(Exception):
    """Nothing there can have this done to it. The message says why."""


Kept = TypeVar("Kept")
Deed = Callable[[Store, str, int | None], str]
"""Done to what has this id, or belongs to the payment whose key begins so; of so much, or of all.
Returns PayPal's id of what came of it. Raises Impossible."""


def void(store: Store, about: str, _: int | None) -> str:
    held = _held(store, about)
    held.voided = True
    store.done("void", held.order, held.id, held.amount - held.captured, key=_hand(held.order))
    store.tell_authorization("PAYMENT.AUTHORIZATION.VOIDED", held, key=held.key)
    return held.id


def capture(store: Store, about: str, amount: int | None) -> str:
    held = _held(store, about)
    taken = Capture(held, _of(amount, held.left), _hand(held.order), True, "PENDING", "")
    held.captures.append(taken)
    held.closed = True
    store.captures[taken.id] = taken
    complete(store, taken)
    return taken.id


def refund(store: Store, about: str, amount: int | None) -> str:
    taken = _taken(store, about)
    return _given_back(store, taken, _of(amount, taken.amount - taken.refunded), "refund").id


def reverse(store: Store, about: str, amount: int | None) -> str:
    taken = _taken(store, about)
    return _given_back(store, taken, _of(amount, taken.amount - taken.refunded), "chargeback").id


def dispute(store: Store, about: str, amount: int | None) -> str:
    """A chargeback is opened, and its money taken at once."""
    taken = _taken(store, about)
    opened = Dispute(taken, _of(amount, taken.amount - taken.refunded))
    store.disputes[opened.id] = opened
    store.tell_dispute("CUSTOMER.DISPUTE.CREATED", opened)
    _given_back(store, taken, opened.amount, "chargeback")
    return opened.id


def win(store: Store, about: str, _: int | None) -> str:
    """The dispute ends for the merchant: the money comes back."""
    ended = _resolved(store, about, "RESOLVED_SELLER_FAVOUR")
    order = ended.capture.order
    store.done("chargeback_reversed", order, ended.id, ended.amount, key=_hand(order))
    _report(store, ended.capture, new_id(), "T1202", ended.amount)
    store.tell_dispute("CUSTOMER.DISPUTE.RESOLVED", ended)
    return ended.id


def lose(store: Store, about: str, _: int | None) -> str:
    ended = _resolved(store, about, "RESOLVED_BUYER_FAVOUR")
    store.tell_dispute("CUSTOMER.DISPUTE.RESOLVED", ended)
    return ended.id


def expire(store: Store, about: str, _: int | None) -> str:
    """An order that nobody approved is over."""
    waiting = (each for each in store.orders.values() if each.waits_for_payer)
    order = _last((each for each in waiting if _is_about(each, each.id, about)), "such order")
    order.status, order.declined = "VOIDED", False
    store.tell_order("CHECKOUT.ORDER.EXPIRED", order)
    return order.id


DEEDS: dict[str, Deed] = {
    "void": void,
    # PayPal tells both alike.
    "lapse": void,
    "capture": capture,
    "refund": refund,
    "reverse": reverse,
    "dispute": dispute,
    "win": win,
    "lose": lose,
    "expire": expire,
}


def _given_back(store: Store, taken: Capture, amount: int, how: str) -> Refund:
    """A refund in the dashboard, or a reversal: PayPal shows both as refunds, with the invoice of
    the capture."""
    made = Refund(
        capture=taken,
        amount=amount,
        key=_hand(taken.order),
        status="COMPLETED",
        custom_id="",
        invoice_id=taken.invoice_id or taken.order.invoice_id,
        note="",
    )
    taken.refunds.append(made)
    store.refunds[made.id] = made
    if how == "refund":
        store.done("refund", taken.order, made.id, amount, key=made.key)
        _report(store, taken, made.id, "T1107", -amount)
        store.tell_refund("PAYMENT.CAPTURE.REFUNDED", made)
    else:
        store.done("chargeback", taken.order, made.id, amount, key=made.key)
        _report(store, taken, made.id, "T1106", -amount)
        store.tell_refund("PAYMENT.CAPTURE.REVERSED", made)
    return made


def _report(store: Store, taken: Capture, id_: str, code: str, amount: int) -> None:
    order = taken.order
    store.transactions.append(
        Transaction(order.account, id_, code, taken.id, amount, 0, order.currency, order.custom_id)
    )


def _held(store: Store, about: str) -> Authorization:
    open_ = (each for each in store.authorizations.values() if each.parent is None and each.left)
    return _last((each for each in open_ if _is_about(each.order, each.id, about)), "open hold")


def _taken(store: Store, about: str) -> Capture:
    left = (
        each
        for each in store.captures.values()
        if each.state == "COMPLETED" and each.amount > each.refunded
    )
    return _last((each for each in left if _is_about(each.order, each.id, about)), "such capture")


def _resolved(store: Store, about: str, outcome: str) -> Dispute:
    open_ = (each for each in store.disputes.values() if each.outcome is None)
    found = _last(
        (each for each in open_ if _is_about(each.capture.order, each.id, about)), "open dispute"
    )
    found.outcome, found.resolved = outcome, time.time()
    return found


def _is_about(order: Order, id_: str, about: str) -> bool:
    return id_ == about or order.custom_id.startswith(about)


def _last(found: Iterable[Kept], what: str) -> Kept:
    known = list(found)
    if not known:
        raise Impossible(f"there is no {what}")
    return known[-1]


def _of(asked: int | None, left: int) -> int:
    if asked is not None and not 0 < asked <= left:
        raise Impossible(f"there are {left} minor units left")
    return left if asked is None else asked


def _hand(order: Order) -> str:
    """In the journal: of the same payment, and no key that the merchant gave."""
    return f"{order.custom_id.partition(':')[0]}:by-hand"
