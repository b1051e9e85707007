"""Without a token: Adyen's own page, by a payment link.

A link and no hosted session, because a link can be closed: a payment that we gave up on cannot be
made any more. What comes of it is told by the AUTHORISATION webhook under our reference.
"""

from __future__ import annotations

from typing import Any

from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    CompleteInstruction,
    Pending,
    Reply,
    VoidInstruction,
)

from . import amounts
from .desk import Desk, money_of, not_done, refusal_of, same
from .keys import LINK, in_path, shopper_reference
from .messages import LinkMessage
from .payments import metadata, method_type


def link(desk: Desk, instruction: AuthorizeInstruction) -> dict[str, Any]:
    return {
        "merchantAccount": desk.name,
        "reference": instruction.key,
        "amount": amounts.written(instruction.amount),
        "returnUrl": instruction.return_url,
        "shopperReference": shopper_reference(instruction.player_id),
        "allowedPaymentMethods": [method_type(instruction.method)],
        "reusable": False,
        "manualCapture": True,
        "metadata": metadata(instruction),
    }


async def authorize(desk: Desk, instruction: AuthorizeInstruction) -> Reply:
    answer = await desk.ask(
        "POST",
        "/paymentLinks",
        trace_id=instruction.trace_id,
        key=instruction.key,
        json=link(desk, instruction),
    )
    if answer.status != 201:
        return not_done(answer)
    told = answer.read(LinkMessage)
    _about(told, desk, instruction.key)
    same("amount", money_of(told.amount), instruction.amount)
    return Pending(LINK + told.id, told.url)


async def complete(desk: Desk, instruction: CompleteInstruction, psp_ref: str) -> Reply:
    """The player is back: from the payment, or without having made it."""
    path = f"/paymentLinks/{in_path(psp_ref.removeprefix(LINK))}"
    answer = await desk.ask("GET", path, trace_id=instruction.trace_id)
    if answer.status != 200:
        refusal_of(answer)
        return Pending(psp_ref)
    told = answer.read(LinkMessage)
    _about(told, desk, instruction.authorize_key)
    return Pending(psp_ref, told.url if told.status == "active" else None)


async def close(desk: Desk, instruction: VoidInstruction, psp_ref: str) -> Approved | None:
    """Close the link. None when a payment was made by it, or may still be: that is to be voided."""
    path = f"/paymentLinks/{in_path(psp_ref.removeprefix(LINK))}"
    closing = {"status": "expired"}
    answer = await desk.ask("PATCH", path, trace_id=instruction.trace_id, json=closing)
    if answer.status != 200:
        refusal_of(answer)
        # It cannot be closed any more: its status says why.
        answer = await desk.ask("GET", path, trace_id=instruction.trace_id)
    if answer.status != 200:
        refusal_of(answer)
        return None
    told = answer.read(LinkMessage)
    _about(told, desk, instruction.authorize_key)
    return Approved(psp_ref, instruction.amount) if told.status == "expired" else None


def _about(told: LinkMessage, desk: Desk, key: str) -> None:
    same("merchant account", told.merchant_account, desk.name)
    same("reference", told.reference, key)
