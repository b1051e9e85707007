"""The rules of money. Each takes what was asked and executes it: approved, declined or promised.

Every function runs within a transaction of the store. Refusals of state are declined operations;
Refused (404) is raised for an id that this merchant account does not have.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from infra.sandbox_psp import bodies, cards, operations
from infra.sandbox_psp.books import Books
from infra.sandbox_psp.modes import Modes
from infra.sandbox_psp.operations import Operation
from infra.sandbox_psp.wire import Refused


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


def authorize(books: Books, call: Call, asked: bodies.Authorization) -> Operation:
    if asked.payment_token == cards.BREAKS_DOWN:
        raise BreaksDown
    new = _new(
        call,
        "authorization",
        asked.reference,
        asked.amount,
        asked.currency,
        player_id=asked.player_id,
        payment_token=asked.payment_token,
        return_url=asked.return_url,
        authenticated=cards.taken_over(asked.three_ds.model_dump()) if asked.three_ds else None,
    )
    if _is_voided(books, call.merchant_account, asked.reference):
        new.decline("reference_voided")
    elif asked.payment_token is None or (
        asked.payment_token in cards.CHALLENGED and new.authenticated is None
    ):
        new.status = "requires_action"
    elif asked.payment_token == cards.PENDING:
        _promise(new, call.modes.async_seconds, cards.APPROVED)
    else:
        new.decline(cards.verdict(asked.payment_token, call.merchant_account))
    return books.execute(new)


def capture(books: Books, call: Call, asked: bodies.Capture) -> Operation:
    held = _find(books, call, "authorization")
    new = _new(call, "capture", asked.reference, asked.amount, asked.currency, **_of(held))
    left = held.amount - held.captured
    is_open = held.status == "approved" and not held.voided
    if not is_open or asked.amount > left or asked.currency != held.currency:
        new.decline("not_capturable")
    elif held.payment_token == cards.CAPTURE_REFUSED:
        new.decline("capture_refused")
    else:
        held.captured += asked.amount
        operations.update(books.store, held)
    return books.execute(new)


def void(books: Books, call: Call, asked: bodies.Void) -> Operation:
    held = _find(books, call, "authorization")
    return _void(books, call, asked.reference, [held])


def void_by_reference(books: Books, call: Call, asked: bodies.VoidByReference) -> Operation:
    """Also for an authorization that never arrived, and may arrive yet."""
    reference = asked.authorization_reference
    held = operations.authorizations_under(books.store, call.merchant_account, reference)
    done = _void(books, call, asked.reference, held)
    if done.status == "approved":
        books.store.run(
            "INSERT OR IGNORE INTO voided_references VALUES (?, ?)",
            call.merchant_account,
            reference,
        )
    return done


def refund(books: Books, call: Call, asked: bodies.Refund) -> Operation:
    taken = _find(books, call, "capture")
    new = _new(
        call,
        "refund",
        asked.reference,
        asked.amount,
        asked.currency,
        player_id=taken.player_id,
        authorization_id=taken.authorization_id,
        capture_id=taken.id,
    )
    left = taken.amount - taken.refunded
    if taken.status != "approved" or asked.amount > left or asked.currency != taken.currency:
        new.decline("not_refundable")
    else:
        taken.refunded += asked.amount
        operations.update(books.store, taken)
    return books.execute(new)


def pay_out(books: Books, call: Call, asked: bodies.Payout) -> Operation:
    new = _new(
        call, "payout", asked.reference, asked.amount, asked.currency, player_id=asked.player_id
    )
    match asked.destination:
        case "dst_ok":
            _promise(new, call.modes.async_seconds, cards.APPROVED)
        case "dst_fail":
            _promise(new, call.modes.async_seconds, "AC04")
        case "dst_slow":
            _promise(new, call.modes.slow_seconds, cards.APPROVED)
        case _:
            new.decline("unknown_destination")
    return books.execute(new)


def _void(books: Books, call: Call, reference: str, held: list[Operation]) -> Operation:
    """Afterwards nothing is held any more: also true, with amount 0, where nothing was."""
    last = held[-1] if held else None
    new = _new(call, "void", reference, 0, last.currency if last else None, **_of(last))
    left = [each for each in held if each.status != "approved" or each.captured < each.amount]
    if held and not left:
        new.decline("not_voidable")
    for each in left:
        if each.status == "approved" and not each.voided:
            each.released = each.amount - each.captured
            new.amount += each.released
        each.voided = 1
        if each.is_open:
            books.decide(each, "reference_voided")
        else:
            operations.update(books.store, each)
    return books.execute(new)


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


def _find(books: Books, call: Call, operation: str) -> Operation:
    found = operations.find(books.store, call.id, operation)
    if found is None or found.merchant_account != call.merchant_account:
        raise Refused(404, "not_found", f"this merchant account has no such {operation}")
    return found


def _is_voided(books: Books, merchant_account: str, reference: str) -> bool:
    return bool(
        books.store.row(
            "SELECT 1 FROM voided_references WHERE merchant_account = ? AND reference = ?",
            merchant_account,
            reference,
        )
    )
