"""Captures, cancellations and refunds: Adyen answers that it received them, and tells by webhook
what became of them."""

from __future__ import annotations

from typing import Any

from workflows.domain.psp import (
    Approved,
    CaptureInstruction,
    Instruction,
    Pending,
    RefundInstruction,
    Reply,
    VoidInstruction,
)

from . import amounts, links
from .desk import Desk, money_of, not_done, same
from .keys import LINK, in_path
from .messages import ModificationMessage


async def capture(desk: Desk, instruction: CaptureInstruction) -> Reply:
    body = {"amount": amounts.written(instruction.amount)}
    return await _modify(desk, instruction, instruction.psp_ref, "captures", body)


async def refund(desk: Desk, instruction: RefundInstruction) -> Reply:
    """Of the payment: what we keep of a capture is the payment's reference (`events.py`)."""
    body = {"amount": amounts.written(instruction.amount)}
    return await _modify(desk, instruction, instruction.psp_ref, "refunds", body)


async def void(desk: Desk, instruction: VoidInstruction) -> Reply:
    if instruction.after_capture:
        # What is left after the one capture of a payment Adyen lets go of by itself.
        return Approved(instruction.psp_ref or "", instruction.amount)
    psp_ref = instruction.psp_ref
    if psp_ref is not None and psp_ref.startswith(LINK):
        closed = await links.close(desk, instruction, psp_ref)
        if closed is not None:
            return closed
        psp_ref = None
    if psp_ref is not None:
        return await _modify(desk, instruction, psp_ref, "cancels", {})
    return await _cancel_by_our_reference(desk, instruction)


async def _cancel_by_our_reference(desk: Desk, instruction: VoidInstruction) -> Reply:
    body = {
        "merchantAccount": desk.name,
        "reference": instruction.key,
        "paymentReference": instruction.authorize_key,
    }
    answer = await desk.ask(
        "POST", "/cancels", trace_id=instruction.trace_id, key=instruction.key, json=body
    )
    if answer.status != 201:
        return not_done(answer)
    told = answer.read(ModificationMessage)
    same("payment", told.payment_reference, instruction.authorize_key)
    return _received(told, desk, instruction)


async def _modify(
    desk: Desk, instruction: Instruction, payment: str, what: str, body: dict[str, Any]
) -> Reply:
    answer = await desk.ask(
        "POST",
        f"/payments/{in_path(payment)}/{what}",
        trace_id=instruction.trace_id,
        key=instruction.key,
        json={"merchantAccount": desk.name, "reference": instruction.key, **body},
    )
    if answer.status != 201:
        return not_done(answer)
    told = answer.read(ModificationMessage)
    same("payment", told.payment, payment)
    if body:
        told_amount = money_of(told.amount) if told.amount else None
        same("amount", told_amount, instruction.amount)
    return _received(told, desk, instruction)


def _received(told: ModificationMessage, desk: Desk, instruction: Instruction) -> Pending:
    """`received`, or any other word: neither is a result."""
    same("merchant account", told.merchant_account, desk.name)
    if told.reference is not None:
        same("reference", told.reference, instruction.key)
    return Pending(told.psp_ref)
