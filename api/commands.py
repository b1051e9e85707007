"""Commands on a payment that exists: claim the key, tell the run, show what it says."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from activities.registry.requests import Claim
from activities.registry.tables import PaymentRow
from api.dependencies import Read, Write
from api.errors import ILLEGAL_STATE, Problem, illegal_state, not_found
from api.idempotency import Reply, once
from api.orders import order_of
from api.runs import Command, Refusal, RunClosed
from api.words import is_ours
from workflows.domain import deposits, payouts
from workflows.domain.payments import Record

View = Callable[[PaymentRow, Record | None], BaseModel]

_RESTING: set[str] = {
    deposits.Status.AUTHORIZED,
    deposits.Status.CAPTURED,
    payouts.Status.POSTPONED,
}
"""Done as far as the command goes, though the payment is still open."""


async def owned(ask: Read | Write, payment_id: str, prefix: str, what: str) -> PaymentRow:
    """The payment, if the caller may see it. Raises Problem `not-found`."""
    row = None
    if is_ours(payment_id, prefix):
        row = await ask.parts.registry.payment(payment_id, ask.caller.brands)
    if row is None:
        raise not_found(what)
    return row


async def commanded(
    ask: Write,
    row: PaymentRow,
    name: str,
    view: View,
    *,
    argument: Any = None,
    parameters: Mapping[str, Any] | None = None,
    overtaken: Container[str] = (),
) -> Response:
    """Once per key. Raises the Problems of the run's refusals, but for states in which the command
    has been overtaken by events: then what is asked for is there, or can be no more."""
    claim = ask.claim(row.brand, row.id, parameters or {})

    async def act(_: str, __: bool) -> Reply:
        command = Command(row.id, name, claim, argument)
        try:
            return await told(ask, row, command, view)
        except Problem as refused:
            now = await _now(ask, row)
            if refused.slug != ILLEGAL_STATE or now.status not in overtaken:
                raise
            return Reply(200, view(now, None), stored=now.final)

    return await once(ask, claim, act)


async def told(ask: Write, row: PaymentRow, command: Command, view: View) -> Reply:
    """What the run says to a command, or 202 and the present state when it takes its time."""
    try:
        record = await _heard(ask, row, command)
    except Refusal as refusal:
        raise illegal_state(refusal.message, await _status(ask, row)) from None
    except RunClosed:
        status = await _status(ask, row)
        raise illegal_state(
            f"{command.name} is not possible while the payment is {status}", status
        ) from None
    if record is None:
        return Reply(202, view(await _now(ask, row), None), stored=False)
    done = record.final or record.status in _RESTING
    return Reply(201 if done else 202, view(row, record))


async def _heard(ask: Write, row: PaymentRow, command: Command) -> Record | None:
    try:
        return await ask.parts.runs.tell(command)
    except RunClosed:
        if (await _now(ask, row)).final:
            raise
    # Whoever opened it died before the start.
    await ask.parts.runs.start(order_of(row))
    return await ask.parts.runs.tell(command)


async def _now(ask: Write, row: PaymentRow) -> PaymentRow:
    return await ask.parts.registry.payment(row.id, [row.brand]) or row


async def _status(ask: Write, row: PaymentRow) -> str:
    return (await _now(ask, row)).status


async def accepted(ask: Write, row: PaymentRow, claim: Claim) -> tuple[PaymentRow, Record | None]:
    """What became of a payment that was just opened: nothing yet, when no worker is there."""
    try:
        return row, await ask.parts.runs.tell(Command(row.id, "accepted", claim))
    except (RunClosed, Refusal):
        return await _now(ask, row), None
