"""Commands on a payment that exists: claim the key, tell the run, show what it says."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from activities.registry.claims import Claim, Claimed, KeyReused
from activities.registry.tables import PaymentRow
from api.cashier.orders import order_of
from api.cashier.parts import Write
from api.http.errors import ILLEGAL_STATE, Problem, illegal_state, key_reused, not_found, unattended
from api.http.fields import is_of
from api.http.idempotency import Reply, answered
from api.http.runs import Command, Obeyed, Refusal, RunClosed
from workflows.domain import deposits, payouts
from workflows.domain.identity import Kind
from workflows.domain.money import Money
from workflows.domain.records import Record
from workflows.starting import Order

View = Callable[[PaymentRow, Record | None], BaseModel]

_RESTING: set[str] = {
    deposits.Status.AUTHORIZED,
    deposits.Status.CAPTURED,
    payouts.Status.POSTPONED,
}
"""Done as far as the command goes, though the payment is still open."""


@dataclass(frozen=True)
class Ordered:
    """A payment that the caller may see, and the key under which it is commanded."""

    row: PaymentRow
    claim: Claim
    claimed: Claimed


async def ordered(
    ask: Write,
    payment_id: str,
    kind: Kind,
    what: str,
    parameters: Mapping[str, Any] | None = None,
) -> Ordered:
    """One round trip. Raises the Problems `not-found` and `idempotency-key-reused`."""
    if not is_of(payment_id, kind):
        raise not_found(what)
    asked = ask.request_hash(parameters or {})
    try:
        found = await ask.requests.order(
            payment_id, ask.caller.brands, ask.key, asked, ask.action(parameters or {})
        )
    except KeyReused:
        raise key_reused() from None
    if found is None:
        raise not_found(what)
    return Ordered(*found)


async def commanded(
    ask: Write,
    order: Ordered,
    name: str,
    view: View,
    *,
    argument: Any = None,
    overtaken: Container[str] = (),
    moves: Money | None = None,
) -> Response:
    """Once per key. Raises the Problems of the run's refusals, but for states in which the command
    has been overtaken by events: then what is asked for is there, or can be no more."""
    row, claim = order.row, order.claim

    async def act(_: str, __: bool) -> Reply:
        if moves is not None:
            ask.caller.require_amount(moves)
        command = Command(row.id, name, claim, argument, ask.caller.person, _begins(row))
        try:
            return await reply_to(ask, row, command, view)
        except Problem as refused:
            now = await _now(ask, row)
            if refused.slug != ILLEGAL_STATE or now.status not in overtaken:
                raise
            return Reply(200, view(now, None), stored=now.final)

    return await answered(ask, claim, order.claimed, act)


async def reply_to(ask: Write, row: PaymentRow, command: Command, view: View) -> Reply:
    """What the run says to a command, or 202 and the present state when it takes its time."""
    try:
        record = await _heard(ask, row, command)
    except Obeyed:
        now = await _now(ask, row)
        return Reply(201, view(now, None), stored=now.final)
    except Refusal as refusal:
        raise illegal_state(refusal.message, await _status(ask, row)) from None
    except RunClosed:
        now = await _now(ask, row)
        if not now.final:
            raise unattended(command.name, now.status) from None
        raise illegal_state(
            f"{command.name} is not possible while the payment is {now.status}", now.status
        ) from None
    if record is None:
        if row.final:
            raise illegal_state(
                f"{command.name} is not possible while the payment is {row.status}", row.status
            )
        return Reply(202, view(await _now(ask, row), None), stored=False)
    done = record.final or record.status in _RESTING
    return Reply(201 if done else 202, view(row, record))


async def _heard(ask: Write, row: PaymentRow, command: Command) -> Record | None:
    try:
        return await ask.parts.runs.tell(command)
    except RunClosed:
        # What was begun is not begun again from the order: a person rebuilds a run that is lost.
        if not await ask.parts.registry.is_untouched(row.id):
            raise
    # Whoever opened it died before the start.
    await ask.parts.runs.start(order_of(row))
    return await ask.parts.runs.tell(command)


async def _now(ask: Write, row: PaymentRow) -> PaymentRow:
    return await ask.parts.registry.payment(row.id, [row.brand]) or row


async def _status(ask: Write, row: PaymentRow) -> str:
    return (await _now(ask, row)).status


def _begins(row: PaymentRow) -> Order | None:
    """Nobody has to know whether the run of an intent has begun: its first command begins it."""
    return order_of(row) if row.kind == Kind.DEPOSIT and row.version == 1 else None


async def accepted(
    ask: Write, row: PaymentRow, order: Order, claim: Claim
) -> tuple[PaymentRow, Record | None]:
    """Start the run of a payment that was just opened, and hear what became of it: nothing yet,
    when no worker is there."""
    command = Command(row.id, "accepted", claim, begins=order)
    try:
        record = await ask.parts.runs.tell(command)
    except (RunClosed, Obeyed, Refusal):
        return await _now(ask, row), None
    if record is None:
        # Nobody knows whether Temporal has heard of it: its key is answered when the run is there.
        await ask.parts.runs.start(order)
    return row, record
