"""Captures, cancellations and refunds: Adyen answers that it received them, and tells by webhook
what became of them."""

from __future__ import annotations

from typing import Any

from workflows.domain.declines import DeclineReason
from workflows.domain.psp import (
    Approved,
    CaptureInstruction,
    Declined,
    Instruction,
    Pending,
    RefundInstruction,
    Reply,
    VoidInstruction,
)

from . import amounts, links
from .connection import Connection, money_of, same
from .faults import not_done
from .keys import LINK, in_path, key_in, read_reference, reference_for
from .messages import LinkMessage, ModificationMessage
from .methods import is_sale


async def capture(connection: Connection, instruction: CaptureInstruction) -> Reply:
    """One capture of a payment; Adyen releases the rest. Pending as a rule."""
    body = {"amount": amounts.written(instruction.amount)}
    return await _modify(connection, instruction, instruction.psp_ref, "captures", body)


async def refund(connection: Connection, instruction: RefundInstruction) -> Reply:
    """Of the payment: Adyen refunds that, and knows captures only as modifications of it."""
    body = {"amount": amounts.written(instruction.amount)}
    return await _modify(connection, instruction, _payment_of(instruction), "refunds", body)


def _payment_of(refund_: RefundInstruction) -> str:
    """A sale is its own capture; the id of a page is no payment."""
    authorization = refund_.authorization_ref
    return refund_.psp_ref if not authorization or LINK in authorization else authorization


async def void(connection: Connection, instruction: VoidInstruction) -> Reply:
    """Nothing stays held, and of a sale nothing stays taken. The answer names the payment, as its
    webhook does: which hold was released is what we keep of it."""
    if instruction.after_capture:
        # What is left after the one capture of a payment Adyen lets go of by itself.
        return Approved(instruction.psp_ref or "", instruction.amount)
    psp_ref = instruction.psp_ref
    if psp_ref is not None and psp_ref.startswith(LINK):
        return await _give_up_page(connection, instruction, psp_ref)
    sale = instruction.sale or is_sale(instruction.method)
    if psp_ref is None:
        reference = reference_for(instruction.authorize_key, is_sale=sale)
        return await _cancel_by_our_reference(connection, instruction, reference)
    # Cancelled or refunded, whichever is possible: what a sale took cannot be cancelled. Never of a
    # hold: should it be captured after all, that would give back money that the books have.
    how = "reversals" if sale else "cancels"
    received = await _modify(connection, instruction, psp_ref, how, {})
    return Pending(psp_ref) if isinstance(received, Pending) else received


async def _give_up_page(
    connection: Connection, instruction: VoidInstruction, psp_ref: str
) -> Reply:
    closed = await links.close(connection, instruction, psp_ref)
    if closed is not None and closed.status == "expired":
        return Approved(psp_ref, instruction.amount)
    if closed is not None and _sells(closed):
        # It is paid, or being paid, by a payment whose name only its webhook tells, by which it
        # is given back then.
        return Declined(DeclineReason.NOT_VOIDABLE, soft=False, code=f"link_{closed.status}"[:80])
    reference = reference_for(instruction.authorize_key, by_page=True)
    return await _cancel_by_our_reference(connection, instruction, reference)


def _sells(link: LinkMessage) -> bool:
    ours = read_reference(link.reference)
    return ours is not None and ours.is_sale


async def _cancel_by_our_reference(
    connection: Connection, instruction: VoidInstruction, reference: str
) -> Reply:
    body = {
        "merchantAccount": connection.name,
        "reference": instruction.key,
        "paymentReference": reference,
    }
    answer = await connection.ask(
        "POST", "/cancels", trace_id=instruction.trace_id, key=instruction.key, json=body
    )
    if answer.status != 201:
        return not_done(answer, connection.name)
    received = answer.read(ModificationMessage)
    same("payment", key_in(received.payment_reference), instruction.authorize_key)
    return _received(received, connection, instruction)


async def _modify(
    connection: Connection, instruction: Instruction, payment: str, what: str, body: dict[str, Any]
) -> Reply:
    answer = await connection.ask(
        "POST",
        f"/payments/{in_path(payment)}/{what}",
        trace_id=instruction.trace_id,
        key=instruction.key,
        json={"merchantAccount": connection.name, "reference": instruction.key, **body},
    )
    if answer.status != 201:
        return not_done(answer, connection.name)
    received = answer.read(ModificationMessage)
    same("payment", received.payment, payment)
    if body:
        amount = money_of(received.amount) if received.amount else None
        same("amount", amount, instruction.amount)
    return _received(received, connection, instruction)


def _received(
    received: ModificationMessage, connection: Connection, instruction: Instruction
) -> Pending:
    """`received`, or any other word: neither is a result."""
    same("merchant account", received.merchant_account, connection.name)
    if received.reference is not None:
        same("reference", received.reference, instruction.key)
    return Pending(received.psp_ref)
