"""Speaks to Stripe: one HTTP exchange per instruction, under the instruction's key."""

from __future__ import annotations

from dataclasses import replace

from activities.psp.contract import Delivery, WebhookRequest
from activities.psp.wire import InDoubt, NeverSent, WireError
from infra.card_data import has_card_data
from workflows.domain.psp import (
    AuthorizeInstruction,
    CaptureInstruction,
    Finding,
    Instruction,
    Lookup,
    RefundInstruction,
    Reply,
    VoidInstruction,
    payment_of,
)
from workflows.domain.settlement import SettlementPage, SettlementQuery

from . import amounts, intents
from .client import Client, an_id, place
from .declines import declined
from .errors import is_about_state, refusal, same
from .lookups import EXPAND, Lookups
from .messages import KEY, TRACE, Intent, Problem, Refund
from .settings import StripeSettings
from .settlement import Statement
from .webhooks import Ear

METHODS = {"card": "card"}
"""Our methods, and Stripe's names for them."""


class StripeAdapter:
    def __init__(self, settings: StripeSettings) -> None:
        self._client = Client(settings)
        self._lookups = Lookups(self._client)
        self._statement = Statement(self._client)
        self._ear = Ear(settings)

    async def authorize(self, instruction: AuthorizeInstruction) -> Reply:
        form = _authorization(instruction)
        answer = await self._client.post(instruction, place("payment_intents"), form)
        if answer.status == 200:
            return intents.authorized(_hold(answer.read(Intent), instruction))
        problem = refusal(answer)
        intent = problem.payment_intent
        if intent is not None:
            _hold(intent, instruction)
        if is_about_state(problem) or (intent and intent.status != "requires_payment_method"):
            raise InDoubt("Stripe refused, and the payment intent says something else")
        return declined(problem)

    async def capture(self, instruction: CaptureInstruction) -> Reply:
        path = place("payment_intents", instruction.psp_ref, "capture")
        form = {"amount_to_capture": amounts.units(instruction.amount)}
        answer = await self._client.post(instruction, path, form)
        if answer.status == 200:
            return intents.captured(_parent(answer.read(Intent), instruction, instruction.psp_ref))
        problem = refusal(answer)
        ended = _at_its_end(problem, instruction, instruction.psp_ref)
        if ended is not None:
            return intents.captured(ended)
        # No other account can capture what this one holds.
        return replace(declined(problem), soft=False)

    async def void(self, instruction: VoidInstruction) -> Reply:
        psp_ref = instruction.psp_ref or await self._found(instruction)
        if instruction.after_capture:
            intent = await self._lookups.intent(instruction, psp_ref)
            return intents.released(_parent(intent, instruction, psp_ref))
        path = place("payment_intents", psp_ref, "cancel")
        answer = await self._client.post(instruction, path, {})
        if answer.status == 200:
            return intents.voided(_parent(answer.read(Intent), instruction, psp_ref))
        problem = refusal(answer)
        ended = _at_its_end(problem, instruction, psp_ref)
        return declined(problem) if ended is None else intents.voided(ended)

    async def refund(self, instruction: RefundInstruction) -> Reply:
        paid = an_id(instruction.authorization_ref or instruction.psp_ref)
        form = {
            "payment_intent": paid,
            "amount": amounts.units(instruction.amount),
            **_metadata(instruction),
        }
        answer = await self._client.post(instruction, place("refunds"), form)
        if answer.status != 200:
            problem = refusal(answer)
            if is_about_state(problem):
                raise InDoubt("Stripe refused because of something that was done before")
            return declined(problem)
        refund = answer.read(Refund)
        same("reference", refund.key, instruction.key)
        same("payment intent", refund.payment_intent, paid)
        same("currency", refund.currency.upper(), instruction.amount.currency)
        return intents.refunded(refund)

    async def look_up(self, lookup: Lookup) -> Finding:
        return await self._lookups.look_up(lookup)

    async def hear(self, request: WebhookRequest) -> Delivery:
        return self._ear.hear(request)

    async def settlement(self, query: SettlementQuery) -> SettlementPage:
        return await self._statement.page(query)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _found(self, instruction: VoidInstruction) -> str:
        """The payment intent of our reference. Raises NeverSent: nothing was asked to be canceled
        when none is found."""
        try:
            found = await self._lookups.searched(instruction, instruction.authorize_key)
        except WireError as error:
            raise NeverSent(f"the payment intent could not be found ({error})") from None
        if found is None:
            raise NeverSent("Stripe finds no payment intent under our reference")
        return found


def _authorization(instruction: AuthorizeInstruction) -> dict[str, str]:
    """Raises NeverSent for what Stripe cannot be asked."""
    method, token = METHODS.get(instruction.method), instruction.payment_token
    if method is None:
        raise NeverSent("Stripe is asked for cards alone")
    if not token:
        raise NeverSent("a payment intent without a payment method asks no player for a card")
    if has_card_data(token):
        raise NeverSent("the payment token looks like a card number")
    return {
        **amounts.asked(instruction.amount),
        "capture_method": "manual",
        "confirm": "true",
        "payment_method": token,
        "payment_method_types[]": method,
        "return_url": instruction.return_url,
        **_metadata(instruction),
        "expand[]": EXPAND,
    }


def _metadata(instruction: Instruction) -> dict[str, str]:
    return {
        f"metadata[{KEY}]": instruction.key,
        f"metadata[{TRACE}]": instruction.trace_id,
    }


def _hold(intent: Intent, instruction: AuthorizeInstruction) -> Intent:
    """The answer is to this question, or it is none. Raises InDoubt."""
    same("reference", intent.key, instruction.key)
    same("currency", intent.currency.upper(), instruction.amount.currency)
    return intent


def _parent(
    intent: Intent, instruction: CaptureInstruction | VoidInstruction, psp_ref: str
) -> Intent:
    """The payment intent that was to be captured or canceled. Raises InDoubt."""
    same("payment intent", intent.id, psp_ref)
    same("payment", payment_of(intent.key or ""), instruction.payment_id)
    if isinstance(instruction, VoidInstruction):
        same("reference", intent.key, instruction.authorize_key)
    same("currency", intent.currency.upper(), instruction.amount.currency)
    return intent


def _at_its_end(
    problem: Problem, instruction: CaptureInstruction | VoidInstruction, psp_ref: str
) -> Intent | None:
    """The payment intent in a refusal, where it is decided and so says more than the refusal.

    Raises InDoubt where the refusal is about a state that nobody tells.
    """
    intent = problem.payment_intent
    if intent is not None and _parent(intent, instruction, psp_ref).status in (
        "canceled",
        "succeeded",
    ):
        return intent
    if is_about_state(problem):
        raise InDoubt("Stripe refused because of the state of the payment intent")
    return None
