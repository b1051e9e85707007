"""Authorizations: shown, captured in parts, voided, renewed."""

from __future__ import annotations

from infra.lookalikes.paypal import errors, reading, views
from infra.lookalikes.paypal.books import Books
from infra.lookalikes.paypal.desk import Call, Reply
from infra.lookalikes.paypal.issues import PAYMENTS
from infra.lookalikes.paypal.things import Authorization, Capture, Transaction

_PENDING_SECONDS = 0.3


def retrieve(books: Books, call: Call) -> Reply:
    held = books.authorization(call.account, call.id)
    return Reply(200, lambda: books.view_authorization(held))


def capture(books: Books, call: Call) -> Reply:
    """Raises PayPalError, as every rule."""
    held = books.authorization(call.account, call.id)
    _check_open(held)
    amount = _amount(call, held, "AUTH_CAPTURE_CURRENCY_MISMATCH")
    if amount > held.left:
        raise errors.refused("MAX_CAPTURE_AMOUNT_EXCEEDED", PAYMENTS)
    invoice_id = reading.text(call.body, "invoice_id", PAYMENTS)
    state = held.order.funding.capture
    if state == "TRANSACTION_REFUSED":
        books.done("capture", held.order, held.id, amount, key=call.key, code=state)
        raise errors.refused(state, PAYMENTS, kept=True)
    final = call.body.get("final_capture") is True
    taken = Capture(held, amount, call.key, final, state, invoice_id)
    held.root.captures.append(taken)
    books.captures[taken.id] = taken
    _settle(books, taken)
    return Reply(201, lambda: books.view_capture(taken), has_minimum=True)


def void(books: Books, call: Call) -> Reply:
    """Without a body, or with one where a representation is asked for."""
    held = books.authorization(call.account, call.id)
    if held.parent is not None:
        raise errors.refused("CANNOT_BE_VOIDED", PAYMENTS)
    if held.voided:
        raise errors.refused("PREVIOUSLY_VOIDED", PAYMENTS)
    released = held.left
    if not released:
        raise errors.refused("PREVIOUSLY_CAPTURED", PAYMENTS)
    held.voided = True
    books.done("void", held.order, held.id, released, key=call.key)
    books.tell_authorization("PAYMENT.AUTHORIZATION.VOIDED", held, key=call.key)
    return Reply(200, lambda: books.view_authorization(held)) if call.whole else Reply(204, None)


def reauthorize(books: Books, call: Call) -> Reply:
    """A new id for the same hold, once."""
    old = books.authorization(call.account, call.id)
    _check_open(old)
    if old.parent is not None or old.renewed:
        raise errors.refused("REAUTHORIZATION_NOT_SUPPORTED", PAYMENTS)
    amount = _amount(call, old, "AUTH_CURRENCY_MISMATCH")
    if amount > old.left:
        raise errors.refused("TRANSACTION_REFUSED", PAYMENTS)
    new = Authorization(old.order, amount, old.key, parent=old)
    old.renewed = True
    old.order.authorizations.append(new)
    books.authorizations[new.id] = new
    books.tell_authorization("PAYMENT.AUTHORIZATION.CREATED", new, key=old.key)
    return Reply(201, lambda: books.view_authorization(new), has_minimum=True)


def _check_open(held: Authorization) -> None:
    issues = {
        "DENIED": "AUTHORIZATION_DENIED",
        "VOIDED": "AUTHORIZATION_VOIDED",
        "CAPTURED": "AUTHORIZATION_ALREADY_CAPTURED",
    }
    if held.status in issues:
        raise errors.refused(issues[held.status], PAYMENTS)


def _amount(call: Call, held: Authorization, mismatch: str) -> int:
    if "amount" not in call.body:
        return held.left
    amount, currency = reading.money(call.body, "amount", PAYMENTS)
    if currency != held.order.currency:
        raise errors.refused(mismatch, PAYMENTS)
    return amount


def _settle(books: Books, taken: Capture) -> None:
    order = taken.order
    if taken.state == "DECLINED":
        books.done("capture", order, taken.id, taken.amount, key=taken.key, code="DECLINED")
        books.tell_capture("PAYMENT.CAPTURE.DENIED", taken)
        return
    if taken.state == "PENDING":
        books.tell_capture("PAYMENT.CAPTURE.PENDING", taken)
        books.ground.later.do(_PENDING_SECONDS, lambda: _complete(books, taken))
    else:
        _complete(books, taken)
    root = taken.authorization.root
    if taken.final and root.left:
        books.done("void", order, root.id, root.left, key=taken.key)
        root.closed = True


def _complete(books: Books, taken: Capture) -> None:
    order, taken.state = taken.order, "COMPLETED"
    books.done("capture", order, taken.id, taken.amount, key=taken.key)
    books.transactions.append(
        Transaction(
            account=order.account,
            id=taken.id,
            event_code="T0006",
            about=order.id,
            amount=taken.amount,
            fee=-views.fee(taken),
            currency=order.currency,
            custom=order.custom_id,
            invoice_id=taken.invoice_id or order.invoice_id,
        )
    )
    books.tell_capture("PAYMENT.CAPTURE.COMPLETED", taken)
