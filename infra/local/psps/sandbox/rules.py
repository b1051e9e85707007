"""The rules of money. Each takes what was asked and executes it: approved, declined or promised.

Every function runs within a transaction of the database. Refusals of state are declined operations;
SandboxError (404) is raised for an id that this merchant account does not have.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from infra.local.psps.sandbox import bodies, cards, operations
from infra.local.psps.sandbox.errors import SandboxError
from infra.local.psps.sandbox.modes import Modes
from infra.local.psps.sandbox.operations import Operation
from infra.local.psps.sandbox.store import Store


@dataclass(frozen=True)
class Call:
    """Who asks, under which key, about which id of the path."""

    merchant_account: str
    key: str
    trace_id: str | None
    id: str
    modes: Modes


class BreaksDown(Exception):
    """The PSP answers 500 and has done nothing."""


def authorize(store: Store, call: Call, asked: bodies.Authorization) -> Operation:
    if asked.payment_token == cards.BREAKS_DOWN:
        raise BreaksDown
    new = _new(
        call,
        "authorization",
        asked.reference,
        asked.amount,
        asked.currency,
        player_id=asked.player_id,
        method=asked.method,
        payment_token=asked.payment_token,
        return_url=asked.return_url,
        authenticated=cards.taken_over(asked.three_ds.model_dump()) if asked.three_ds else None,
        taken_at_once=int(asked.capture),
    )
    if _is_voided(store, call.merchant_account, asked.reference):
        new.decline("reference_voided")
    elif asked.method not in cards.HOLDS | cards.SALES:
        new.decline("method_not_supported")
    elif asked.payment_token is None or (
        asked.payment_token in cards.CHALLENGED and new.authenticated is None
    ):
        new.status = "requires_action"
    elif asked.payment_token == cards.PENDING:
        _promise(new, call.modes.async_seconds, cards.APPROVED)
    elif new.is_sale and asked.payment_token == cards.CAPTURE_REFUSED:
        new.decline("capture_refused")
    else:
        new.decline(cards.verdict(asked.payment_token, call.merchant_account))
    return store.execute(new)


def capture(store: Store, call: Call, asked: bodies.Capture) -> Operation:
    held = _find(store, call, "authorization")
    new = _new(call, "capture", asked.reference, asked.amount, asked.currency, **_of(held))
    left = held.amount - held.captured
    is_open = held.status == "approved" and not held.voided and not held.is_sale
    if not is_open or asked.amount > left or asked.currency != held.currency:
        new.decline("not_capturable")
    elif held.payment_token == cards.CAPTURE_REFUSED:
        new.decline("capture_refused")
    else:
        held.captured += asked.amount
        operations.update(store.database, held)
    return store.execute(new)


def void(store: Store, call: Call, asked: bodies.Void) -> Operation:
    held = _find(store, call, "authorization")
    return _void(store, call, asked, [held])


def void_by_reference(store: Store, call: Call, asked: bodies.VoidByReference) -> Operation:
    """Also for an authorization that never arrived, and may arrive yet."""
    reference = asked.authorization_reference
    held = operations.authorizations_under(store.database, call.merchant_account, reference)
    done = _void(store, call, asked, held)
    if done.status == "approved":
        store.database.run(
            "INSERT OR IGNORE INTO voided_references VALUES (?, ?)",
            call.merchant_account,
            reference,
        )
    return done


def refund(store: Store, call: Call, asked: bodies.Refund) -> Operation:
    taken = operations.find_taken(store.database, call.id)
    if taken is None or taken.merchant_account != call.merchant_account:
        raise SandboxError(404, "not_found", "this merchant account has no such capture")
    new = _new(
        call,
        "refund",
        asked.reference,
        asked.amount,
        asked.currency,
        player_id=taken.player_id,
        authorization_id=taken.authorization_id or taken.id,
        capture_id=taken.id,
    )
    left = taken.amount - taken.refunded - taken.charged_back
    if not taken.is_taken or asked.amount > left or asked.currency != taken.currency:
        new.decline("not_refundable")
    else:
        taken.refunded += asked.amount
        operations.update(store.database, taken)
    return store.execute(new)


def pay_out(store: Store, call: Call, asked: bodies.Payout) -> Operation:
    new = _new(
        call, "payout", asked.reference, asked.amount, asked.currency, player_id=asked.player_id
    )
    match asked.destination if asked.method in cards.PAYS_OUT else "":
        case "dst_ok":
            _promise(new, call.modes.async_seconds, cards.APPROVED)
        case "dst_fail":
            _promise(new, call.modes.async_seconds, "AC04")
        case "dst_slow":
            _promise(new, call.modes.slow_seconds, cards.APPROVED)
        case "":
            new.decline("method_not_supported")
        case _:
            new.decline("unknown_destination")
    return store.execute(new)


def _void(store: Store, call: Call, asked: bodies.Void, held: list[Operation]) -> Operation:
    """Afterwards nothing is held any more, and nothing taken of a sale that is to go back: also
    true, with amount 0, where nothing was."""
    last = held[-1] if held else None
    new = _new(call, "void", asked.reference, 0, last.currency if last else None, **_of(last))
    left = [each for each in held if each.status != "approved" or each.captured < each.amount]
    sold = [each for each in held if each.is_sale and each.is_taken and asked.give_back]
    if held and not (left or sold):
        new.decline("not_voidable")
    for each in sold:
        back = each.amount - each.refunded - each.charged_back
        each.refunded += back
        new.refunded, new.amount = new.refunded + back, new.amount + back
        operations.update(store.database, each)
    for each in left:
        if each.status == "approved" and not each.voided:
            each.released = each.amount - each.captured
            new.amount += each.released
        each.voided = 1
        if each.is_open:
            store.decide(each, "reference_voided")
        else:
            operations.update(store.database, each)
    return store.execute(new)


def _new(
    call: Call, operation: str, reference: str, amount: int, currency: str | None, **more: Any
) -> Operation:
    now = time.time()
    return Operation(
        id=operations.new_id(operation),
        operation=operation,
        merchant_account=call.merchant_account,
        reference=reference,
        amount=amount,
        currency=currency,
        idempotency_key=call.key,
        trace_id=call.trace_id,
        created_at=now,
        updated_at=now,
        **more,
    )


def _of(held: Operation | None) -> dict[str, Any]:
    """What a capture or void has from its authorization; its token tells what becomes of it."""
    if held is None:
        return {}
    return {
        "authorization_id": held.id,
        "player_id": held.player_id,
        "payment_token": held.payment_token,
    }


def _promise(new: Operation, seconds: float, code: str | None) -> None:
    new.status, new.decide_at, new.decide_code = "pending", time.time() + seconds, code


def _find(store: Store, call: Call, operation: str) -> Operation:
    found = operations.find(store.database, call.id, operation)
    if found is None or found.merchant_account != call.merchant_account:
        raise SandboxError(404, "not_found", f"this merchant account has no such {operation}")
    return found


def _is_voided(store: Store, merchant_account: str, reference: str) -> bool:
    return bool(
        store.database.row(
            "SELECT 1 FROM voided_references WHERE merchant_account = ? AND reference = ?",
            merchant_account,
            reference,
        )
    )
