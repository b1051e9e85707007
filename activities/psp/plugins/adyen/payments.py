"""Authorizing with a stored token, and going on after the player came back from the issuer."""

from __future__ import annotations

from typing import Any

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
from .authentication import authentication_of
from .declines import refused
from .desk import Desk, money_of, not_done, refusal_of, same
from .keys import shopper_reference, token
from .messages import ActionMessage, PaymentMessage

METHODS = {"card": "scheme"}
"""Our methods that Adyen calls otherwise; every other goes by Adyen's name of it."""

_METADATA_AT_MOST = 80

DONE = frozenset({"Authorised", "PartiallyAuthorised"})
NOT_DONE = frozenset({"Refused", "Error", "Cancelled"})
"""Final, says the description of `resultCode`; every other word is no answer yet."""


def method_type(method: str) -> str:
    return METHODS.get(method, method)


def metadata(instruction: Instruction) -> dict[str, str]:
    told = {"paymentId": instruction.payment_id, "traceId": instruction.trace_id}
    return {name: text for name, text in told.items() if len(text) <= _METADATA_AT_MOST}


def payment(desk: Desk, instruction: AuthorizeInstruction, payment_token: str) -> dict[str, Any]:
    return {
        "merchantAccount": desk.name,
        "reference": instruction.key,
        "amount": amounts.written(instruction.amount),
        "returnUrl": instruction.return_url,
        "redirectToIssuerMethod": "GET",
        "redirectFromIssuerMethod": "GET",
        "channel": "Web",
        "shopperReference": shopper_reference(instruction.player_id),
        "shopperInteraction": "Ecommerce",
        "recurringProcessingModel": "CardOnFile",
        "paymentMethod": {
            "type": method_type(instruction.method),
            "storedPaymentMethodId": token(payment_token),
        },
        # The issuer's own page, by a redirect: there is no page of ours to show a challenge in.
        "authenticationData": {"threeDSRequestData": {"nativeThreeDS": "disabled"}},
        # Whatever the merchant account is set to: what is held is captured by us.
        "additionalData": {"manualCapture": "true"},
        "metadata": metadata(instruction),
    }


async def authorize(desk: Desk, instruction: AuthorizeInstruction, payment_token: str) -> Reply:
    answer = await desk.ask(
        "POST",
        "/payments",
        trace_id=instruction.trace_id,
        key=instruction.key,
        json=payment(desk, instruction, payment_token),
    )
    if answer.status != 200:
        return not_done(answer)
    return reply(answer.read(PaymentMessage), instruction.key, instruction)


async def complete(desk: Desk, instruction: CompleteInstruction) -> Reply:
    """What the player brought back is shown to Adyen; without it the authorization is pending."""
    brought = instruction.parameters.get("redirectResult")
    if not brought:
        return Pending(instruction.psp_ref or "")
    answer = await desk.ask(
        "POST",
        "/payments/details",
        trace_id=instruction.trace_id,
        key=instruction.key,
        json={"details": {"redirectResult": brought}},
    )
    if answer.status != 200:
        refusal_of(answer)
        # Refused is what the browser brought, which anybody can write into an address; that the
        # authorization is refused would be said by a result, or by a webhook.
        return Pending(instruction.psp_ref or "")
    told = answer.read(PaymentMessage)
    if _is_of_another(told, instruction.authorize_key):
        # So is what belongs to another payment: of ours it says nothing, and leaves no doubt.
        return Pending(instruction.psp_ref or "")
    return reply(told, instruction.authorize_key, instruction)


def _is_of_another(told: PaymentMessage, key: str) -> bool:
    """Without a reference only a result may be another's: no other word ends anything."""
    is_result = told.result in DONE | NOT_DONE
    return told.reference != key and (told.reference is not None or is_result)


def reply(told: PaymentMessage, key: str, asked: Instruction) -> Reply:
    """Raises InDoubt for an answer that is about something else, or says too little."""
    if told.reference is not None or told.result in DONE:
        same("reference", told.reference, key)
    if told.amount is not None:
        same("currency", told.amount.currency, asked.amount.currency)
    brand = told.method.brand if told.method else None
    if told.result in NOT_DONE:
        return refused(told.refusal_code, told.refusal, told.additional, brand)
    if told.result not in DONE:
        return Pending(told.psp_ref or "", redirect_of(told.action))
    if told.psp_ref is None or told.amount is None:
        raise InDoubt("an authorization without its reference or amount")
    authentication = authentication_of(told.additional, brand)
    return Approved(told.psp_ref, money_of(told.amount), authentication)


def redirect_of(action: ActionMessage | None) -> str | None:
    """Where to send the player; None for what is no plain link, such as a form to be posted."""
    if action is None or action.type != "redirect" or action.method.upper() != "GET":
        return None
    is_link = action.url.startswith(("https://", "http://")) and " " not in action.url
    return action.url if is_link else None
