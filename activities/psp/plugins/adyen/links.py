"""Without a token: Adyen's own page, by a payment link.

A link and no hosted session, because a link can be closed: a payment that we gave up on cannot be
made any more. What comes of it is told by the AUTHORISATION webhook under our reference.
"""

from __future__ import annotations

from typing import Any

from workflows.domain.psp import (
    AuthorizeInstruction,
    CompleteInstruction,
    Pending,
    Reply,
    VoidInstruction,
)

from . import amounts
from .connection import Connection, money_of, same
from .faults import not_done, refusal_of
from .keys import LINK, in_path, key_in, reference_for, shopper_reference
from .messages import LinkMessage
from .methods import capture, is_sold, type_of
from .payments import metadata


def link(connection: Connection, instruction: AuthorizeInstruction) -> dict[str, Any]:
    """The body of `POST /paymentLinks`; it can be paid once, by the one method that was asked."""
    body: dict[str, Any] = {
        "merchantAccount": connection.name,
        "reference": reference_for(instruction.key, by_page=True, is_sale=is_sold(instruction)),
        "amount": amounts.written(instruction.amount),
        "returnUrl": instruction.return_url,
        "shopperReference": shopper_reference(instruction.player_id),
        "allowedPaymentMethods": [type_of(instruction.method)],
        "reusable": False,
        "metadata": metadata(instruction),
        **capture(instruction),
    }
    if instruction.country is not None:
        body["countryCode"] = instruction.country
    if instruction.method == "card":
        # The first time: who agrees comes back with stored details.
        body["storePaymentMethodMode"] = "askForConsent"
        body["recurringProcessingModel"] = "CardOnFile"
    return body


async def authorize(connection: Connection, instruction: AuthorizeInstruction) -> Reply:
    """Pending with the page's address, and `link_<id>` until a payment is made by it. Raises
    NeverSent or InDoubt."""
    answer = await connection.ask(
        "POST",
        "/paymentLinks",
        trace_id=instruction.trace_id,
        key=instruction.key,
        json=link(connection, instruction),
    )
    if answer.status != 201:
        return not_done(answer, connection.name)
    made = answer.read(LinkMessage)
    _about(made, connection, instruction.key)
    same("amount", money_of(made.amount), instruction.amount)
    return Pending(LINK + made.id, made.url)


async def complete(connection: Connection, instruction: CompleteInstruction, psp_ref: str) -> Reply:
    """The player is back: from the payment, or without having made it."""
    path = f"/paymentLinks/{in_path(psp_ref.removeprefix(LINK))}"
    answer = await connection.ask("GET", path, trace_id=instruction.trace_id)
    if answer.status != 200:
        refusal_of(answer, connection.name)
        return Pending(psp_ref)
    made = answer.read(LinkMessage)
    _about(made, connection, instruction.authorize_key)
    return Pending(psp_ref, made.url if made.status == "active" else None)


async def close(
    connection: Connection, instruction: VoidInstruction, psp_ref: str
) -> LinkMessage | None:
    """Close the link, and give it as it is then: `expired` alone means that nothing was paid by it
    and nothing can be. None where Adyen will not tell of it."""
    path = f"/paymentLinks/{in_path(psp_ref.removeprefix(LINK))}"
    closing = {"status": "expired"}
    answer = await connection.ask("PATCH", path, trace_id=instruction.trace_id, json=closing)
    if answer.status != 200:
        refusal_of(answer, connection.name)
        # It cannot be closed any more: its status says why.
        answer = await connection.ask("GET", path, trace_id=instruction.trace_id)
    if answer.status != 200:
        refusal_of(answer, connection.name)
        return None
    found = answer.read(LinkMessage)
    _about(found, connection, instruction.authorize_key)
    return found


def _about(found: LinkMessage, connection: Connection, key: str) -> None:
    same("merchant account", found.merchant_account, connection.name)
    same("reference", key_in(found.reference), key)
