"""Authorizations: shown, captured in parts, voided, renewed."""

from __future__ import annotations

from infra.local.psps.paypal import errors, reading, views
from infra.local.psps.paypal.endpoint import Call, Reply
from infra.local.psps.paypal.issues import PAYMENTS
from infra.local.psps.paypal.models import Authorization, Capture, Transaction
from infra.local.psps.paypal.store import Store

_PENDING_SECONDS = 0.3


def retrieve(store: Store, call: Call) -> Reply:
    held = store.authorization(call.account, call.id)
    return Reply(200, lambda: store.view_authorization(held))


def capture(store: Store, call: Call) -> Reply:
    """Raises PayPalError, as every rule."""
    held = store.authorization(call.account, call.id)
    _check_open(held)
    amount = _amount(call, held, "AUTH_CAPTURE_CURRENCY_MISMATCH")
    if amount > held.left:
        raise errors.refused("MAX_CAPTURE_AMOUNT_EXCEEDED", PAYMENTS)
    invoice_id = reading.text(call.body, "invoice_id", PAYMENTS)
    state = held.order.funding.capture
    if state == "TRANSACTION_REFUSED":
        store.done("capture", held.order, held.id, amount, key=call.key, code=state)
        raise errors.refused(state, PAYMENTS, kept=True)
    final = call.body.get("final_capture") is True
    taken = take(store, held, amount, call.key, state=state, final=final, invoice_id=invoice_id)
    return Reply(201, lambda: store.view_capture(taken), has_minimum=True)


def take(
    store: Store,
    held: Authorization,
    amount: int,
    key: str,
    *,
    state: str,
    final: bool,
    invoice_id: str = "",
    denied: str | None = None,
) -> Capture:
    """`denied`: the processor's code, where it declined what was to be taken at once."""
    taken = Capture(held, amount, key, final, state, invoice_id, denied)
    held.root.captures.append(taken)
    store.captures[taken.id] = taken
    _settle(store, taken)
    return taken


def void(store: Store, call: Call) -> Reply:
    """Without a body, or with one where a representation is asked for."""
    held = store.authorization(call.account, call.id)
    if held.parent is not None:
        raise errors.refused("CANNOT_BE_VOIDED", PAYMENTS)
    if held.voided:
        raise errors.refused("PREVIOUSLY_VOIDED", PAYMENTS)
    released = held.left
    if not released:
        raise errors.refused("PREVIOUSLY_CAPTURED", PAYMENTS)
    held.voided = True
    store.done("void", held.order, held.id, released, key=call.key)
    store.tell_authorization("PAYMENT.AUTHORIZATION.VOIDED", held, key=call.key)
    return Reply(200, lambda: store.view_authorization(held)) if call.whole else Reply(204, None)


def reauthorize(store: Store, call: Call) -> Reply:
    """A new id for the same hold, once."""
    old = store.authorization(call.account, call.id)
    _check_open(old)
    if old.parent is not None or old.renewed:
        raise errors.refused("REAUTHORIZATION_NOT_SUPPORTED", PAYMENTS)
    amount = _amount(call, old, "AUTH_CURRENCY_MISMATCH")
    if amount > old.left:
        raise errors.refused("TRANSACTION_REFUSED", PAYMENTS)
    new = Authorization(old.order, amount, old.key, parent=old)
    old.renewed = True
    old.order.authorizations.append(new)
    store.authorizations[new.id] = new
    store.tell_authorization("PAYMENT.AUTHORIZATION.CREATED", new, key=old.key)
    return Reply(201, lambda: store.view_authorization(new), has_minimum=True)


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


def _settle(store: Store, taken: Capture) -> None:
    order = taken.order
    if taken.state == "DECLINED":
        store.done("capture", order, taken.id, taken.amount, key=taken.key, code="DECLINED")
        store.tell_capture("PAYMENT.CAPTURE.DENIED", taken)
        return
    if taken.state == "PENDING":
        store.tell_capture("PAYMENT.CAPTURE.PENDING", taken)
        store.context.later.do(_PENDING_SECONDS, lambda: complete(store, taken))
    else:
        complete(store, taken)
    root = taken.authorization.root
    if taken.final and root.left:
        store.done("void", order, root.id, root.left, key=taken.key)
        root.closed = True


def complete(store: Store, taken: Capture) -> None:
    order, taken.state = taken.order, "COMPLETED"
    store.done("capture", order, taken.id, taken.amount, key=taken.key)
    store.transactions.append(
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
    store.tell_capture("PAYMENT.CAPTURE.COMPLETED", taken)
