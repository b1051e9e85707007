"""What nobody asks for over the API: by hand in the dashboard, by the payer's bank, by time.

Each has no reference of the merchant's own. Every function runs within a transaction of the
database and raises SandboxError (409) for what cannot be.
"""

from __future__ import annotations

import time
from typing import Any

from infra.local.psps.sandbox import operations
from infra.local.psps.sandbox.errors import SandboxError
from infra.local.psps.sandbox.operations import Operation
from infra.local.psps.sandbox.store import Store


def refund(store: Store, held: Operation, amount: int | None, *, named: bool) -> Operation:
    taken = _taken(store, held)
    value = _at_most(amount, taken.amount - taken.refunded - taken.charged_back)
    taken.refunded += value
    return _done(store, _new("refund", held, value, "dashboard", taken.id), taken, named)


def fail_refund(store: Store, held: Operation, *, named: bool) -> Operation:
    """The player's bank sends the last one back that was made by hand: the money is here again."""
    row = store.database.row(
        "SELECT * FROM operations WHERE operation = 'refund' AND authorization_id = ? "
        "AND initiated_by = 'dashboard' AND status = 'approved' ORDER BY rowid DESC LIMIT 1",
        held.id,
    )
    if row is None:
        raise _impossible("no refund was made of it by hand")
    failed = Operation(**dict(row))
    taken = _by_id(store, failed.capture_id or "")
    taken.refunded -= failed.amount
    operations.update(store.database, taken)
    store.enter_as("refund_failed", failed)
    failed.decline("refund_failed")
    operations.update(store.database, failed)
    store.tell(failed, named=named)
    return failed


def capture(store: Store, held: Operation, amount: int | None, *, named: bool) -> Operation:
    value = _at_most(amount, _left_to_capture(held))
    held.captured += value
    return _done(store, _new("capture", held, value, "dashboard"), held, named)


def void(store: Store, held: Operation, *, named: bool, by: str = "dashboard") -> Operation:
    """By hand, or because the hold is too old (`by` expiry)."""
    value = _left_to_capture(held)
    if value == 0:
        raise _impossible("nothing of it is held")
    held.released, held.voided = value, 1
    return _done(store, _new("void", held, value, by), held, named)


def charge_back(store: Store, held: Operation, amount: int | None, *, named: bool) -> Operation:
    """The payer's bank takes it back."""
    taken = _taken(store, held)
    value = _at_most(amount, taken.amount - taken.refunded - taken.charged_back)
    taken.charged_back += value
    return _done(store, _new("chargeback", held, value, "issuer", taken.id), taken, named)


def reverse(store: Store, held: Operation, *, named: bool) -> Operation:
    """The dispute is won: what was charged back is here again."""
    taken = _taken(store, held)
    value = _at_most(None, taken.charged_back)
    taken.charged_back = 0
    return _done(store, _new("chargeback_reversed", held, value, "issuer", taken.id), taken, named)


def do_twice(store: Store, done: Operation) -> Operation:
    """A bug of its own: the same once more, under the same reference and by another id. A capture
    is of a second hold, which stands behind it."""
    if done.status != "approved":
        raise _impossible("it was not done a first time")
    hold = _by_id(store, done.authorization_id) if done.authorization_id else None
    if done.operation == "capture" and hold is not None:
        behind = _copy(hold, captured=done.amount, voided=0, released=0)
        operations.insert(store.database, behind)
        store.enter_as("authorization", behind)
        second = _copy(done, authorization_id=behind.id)
    elif done.operation == "authorization" and not done.is_sale:
        second = _copy(done, captured=0, voided=0, released=0)
    else:
        second = _copy(done)
    operations.insert(store.database, second)
    store.enter(second)
    store.tell(second)
    return second


def do_after_all(store: Store, declined: Operation) -> Operation:
    """A payout that it had said no to: it is paid."""
    if declined.operation != "payout" or declined.status != "declined":
        raise _impossible("that is no payout that was declined")
    declined.decline(None)
    operations.update(store.database, declined)
    store.enter(declined)
    store.tell(declined)
    return declined


def _done(store: Store, new: Operation, changed: Operation, named: bool) -> Operation:
    operations.update(store.database, changed)
    operations.insert(store.database, new)
    store.enter(new)
    store.tell(new, named=named)
    return new


def _new(
    operation: str, held: Operation, amount: int, by: str, capture_id: str | None = None
) -> Operation:
    now = time.time()
    return Operation(
        id=operations.new_id(operation),
        operation=operation,
        merchant_account=held.merchant_account,
        reference="",
        initiated_by=by,
        payment_reference=held.reference,
        amount=amount,
        currency=held.currency,
        player_id=held.player_id,
        authorization_id=held.id,
        capture_id=capture_id,
        idempotency_key="",
        trace_id=None,
        created_at=now,
        updated_at=now,
    )


def _copy(done: Operation, **changes: Any) -> Operation:
    now = time.time()
    new = {"id": operations.new_id(done.operation), "created_at": now, "updated_at": now}
    return Operation(**{**vars(done), **new, **changes})


def _taken(store: Store, held: Operation) -> Operation:
    """What there is of its money: the sale itself, or its last capture."""
    if held.is_sale and held.is_taken:
        return held
    captures = operations.captures_of(store.database, held.id)
    if not captures:
        raise _impossible("nothing of it is captured")
    return captures[-1]


def _left_to_capture(held: Operation) -> int:
    is_open = held.status == "approved" and not held.voided
    return held.amount - held.captured if is_open else 0


def _by_id(store: Store, id_: str) -> Operation:
    row = store.database.row("SELECT * FROM operations WHERE id = ?", id_)
    if row is None:
        raise _impossible("there is no such operation")
    return Operation(**dict(row))


def _at_most(amount: int | None, left: int) -> int:
    value = left if amount is None else amount
    if not 0 < value <= left:
        raise _impossible("there is not so much of it")
    return value


def _impossible(why: str) -> SandboxError:
    return SandboxError(409, "impossible", why)
