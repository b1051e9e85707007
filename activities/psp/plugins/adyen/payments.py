"""Authorizing with a stored token, and going on after the player came back from the issuer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from activities.psp.wire import InDoubt
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    CompleteInstruction,
    Instruction,
    Pending,
    Reply,
)

from . import amounts
from .authentication import authentication_of, proof
from .connection import Connection, money_of, same
from .declines import refused
from .faults import Kind, not_done, not_taken, refusal_of
from .keys import key_in, read_reference, reference_for, shopper_reference, token
from .messages import ActionMessage, PaymentMessage
from .methods import capture, is_sale, is_sold, type_of

_METADATA_AT_MOST = 80

DONE = frozenset({"Authorised", "PartiallyAuthorised"})
NOT_DONE = frozenset({"Refused", "Error", "Cancelled"})
"""Final, says the description of `resultCode`; every other word is no answer yet."""


def metadata(instruction: Instruction) -> dict[str, str]:
    """Our ids, as far as they are not longer than Adyen takes."""
    ids = {"paymentId": instruction.payment_id, "traceId": instruction.trace_id}
    return {name: text for name, text in ids.items() if len(text) <= _METADATA_AT_MOST}


def origin(url: str) -> str:
    """Of the page that the player comes back to: scheme and host alone."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def payment(
    connection: Connection, instruction: AuthorizeInstruction, payment_token: str
) -> dict[str, Any]:
    """With details that Adyen has stored: a returning customer's."""
    body: dict[str, Any] = {
        "merchantAccount": connection.name,
        "reference": reference_for(instruction.key, is_sale=is_sold(instruction)),
        "amount": amounts.written(instruction.amount),
        "returnUrl": instruction.return_url,
        "redirectToIssuerMethod": "GET",
        "redirectFromIssuerMethod": "GET",
        "channel": "Web",
        "origin": origin(instruction.return_url),
        "shopperReference": shopper_reference(instruction.player_id),
        "shopperInteraction": "ContAuth",
        "recurringProcessingModel": "CardOnFile",
        "paymentMethod": {
            "type": type_of(instruction.method),
            "storedPaymentMethodId": token(payment_token),
        },
        "metadata": metadata(instruction),
    }
    when = capture(instruction)
    if when.pop("manualCapture", False):
        # In this call it is a text.
        body["additionalData"] = {"manualCapture": "true"}
    body |= when
    if instruction.country is not None:
        body["countryCode"] = instruction.country
    shown = proof(instruction.authentication)
    if shown is not None:
        return body | {
            "mpiData": shown,
            "authenticationData": {"attemptAuthentication": "never"},
        }
    # The issuer's own page, by a redirect: the native way wants what only the player's browser
    # knows, and a page of ours to show a challenge in.
    return body | {"authenticationData": {"threeDSRequestData": {"nativeThreeDS": "disabled"}}}


async def authorize(
    connection: Connection, instruction: AuthorizeInstruction, payment_token: str
) -> Reply:
    """`POST /payments` with stored details. Raises NeverSent or InDoubt."""
    answer = await connection.ask(
        "POST",
        "/payments",
        trace_id=instruction.trace_id,
        key=instruction.key,
        json=payment(connection, instruction, payment_token),
    )
    if answer.status != 200:
        return not_done(answer, connection.name)
    made = answer.read(PaymentMessage)
    return reply(made, instruction.key, instruction, is_sold(instruction))


async def complete(connection: Connection, instruction: CompleteInstruction) -> Reply:
    """What the player brought back is shown to Adyen; without it the authorization is pending."""
    brought = instruction.parameters.get("redirectResult")
    if not brought:
        return Pending(instruction.psp_ref or "")
    answer = await connection.ask(
        "POST",
        "/payments/details",
        trace_id=instruction.trace_id,
        key=instruction.key,
        json={"details": {"redirectResult": brought}},
    )
    if answer.status != 200:
        code, kind = refusal_of(answer, connection.name)
        if kind is Kind.CONFIGURATION:
            return not_taken(code, kind)
        # Refused is what the browser brought, which anybody can write into an address; that the
        # authorization is refused would be said by a result, or by a webhook.
        return Pending(instruction.psp_ref or "")
    made = answer.read(PaymentMessage)
    if _is_of_another(made, instruction.authorize_key):
        # So is what belongs to another payment: of ours it says nothing, and leaves no doubt.
        return Pending(instruction.psp_ref or "")
    return reply(made, instruction.authorize_key, instruction, _was_sale(made))


def _was_sale(made: PaymentMessage) -> bool:
    """By our own mark, or by the method that this very answer names."""
    ours = read_reference(made.reference or "")
    return (ours is not None and ours.is_sale) or is_sale(made.method.type or "")


def _is_of_another(made: PaymentMessage, key: str) -> bool:
    """Without a reference only a result may be another's: no other word ends anything."""
    is_result = made.result in DONE | NOT_DONE
    return key_in(made.reference) != key and (made.reference is not None or is_result)


def reply(made: PaymentMessage, key: str, asked: Instruction, sale: bool) -> Reply:
    """Raises InDoubt for an answer that is about something else, or says too little."""
    if made.reference is not None or made.result in DONE:
        same("reference", key_in(made.reference), key)
    if made.amount is not None:
        same("currency", made.amount.currency, asked.amount.currency)
    brand = made.method.brand
    if made.result in NOT_DONE:
        return refused(made.refusal_code, made.refusal, made.additional, brand)
    if made.result not in DONE:
        return Pending(made.psp_ref or "", redirect_of(made.action))
    if made.psp_ref is None or made.amount is None:
        raise InDoubt("an authorization without its reference or amount")
    authentication = authentication_of(made.additional, brand)
    return Approved(made.psp_ref, money_of(made.amount), authentication, captured=sale)


def redirect_of(action: ActionMessage) -> str | None:
    """Where to send the player; None for what is no plain link, such as a form to be posted."""
    if action.type != "redirect" or action.method.upper() != "GET":
        return None
    is_link = action.url.startswith(("https://", "http://")) and " " not in action.url
    return action.url if is_link else None
