"""Speaks to Stripe: one HTTP exchange per instruction, under the instruction's key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace

from activities.psp.contract import Delivery, Method, WebhookRequest
from activities.psp.wire import InDoubt, NeverSent, WireError
from workflows.domain.declines import DeclineReason
from workflows.domain.identity import payment_of
from workflows.domain.psp import (
    AuthorizeInstruction,
    CaptureInstruction,
    Declined,
    Finding,
    Lookup,
    RefundInstruction,
    Reply,
    SellInstruction,
    VoidInstruction,
)
from workflows.domain.settlement import SettlementPage, SettlementQuery

from . import amounts, authorizing, checkout, intents
from .client import Client, an_id, place
from .declines import declined, may_be_blocked
from .errors import AccountFault, is_about_state, refusal, same
from .giving_back import give_back
from .lookups import Lookups
from .messages import CAPTURE, KEY, Intent, Problem, Refund, Session
from .methods import METHODS
from .settings import StripeSettings
from .settlement import Statement
from .webhooks import Ear

LOOK_SECONDS = 2.0
"""For the charge behind a no: what it does not tell by then is taken for the worse."""


class StripeAdapter:
    """One for all our accounts at Stripe. What each call sends, and what each answer means, is in
    MAPPING.md, Instructions and Answers."""

    def __init__(self, settings: StripeSettings) -> None:
        self._client = Client(settings)
        self._lookups = Lookups(self._client)
        self._statement = Statement(self._client)
        self._ear = Ear(settings)

    @property
    def methods(self) -> Mapping[str, Method]:
        """By docs.stripe.com/payments/payment-methods."""
        return METHODS

    async def authorize(self, instruction: AuthorizeInstruction) -> Reply:
        """With a token a confirmed payment intent; without one Pending with the address of Stripe's
        page, and the session's id. Only here is a decline ever soft."""
        authorizing.checked(instruction)
        try:
            if not instruction.payment_token:
                return await self._open_page(instruction)
            return await self._charge(instruction, instruction.payment_token)
        except AccountFault as fault:
            # Certainly not done, and another account may.
            return Declined(DeclineReason.ACCOUNT_MISCONFIGURED, soft=True, code=fault.code)

    async def sell(self, instruction: SellInstruction) -> Reply:
        """The same, with `capture_method=automatic`."""
        return await self.authorize(instruction)

    async def _open_page(self, instruction: AuthorizeInstruction) -> Reply:
        version = self._client.api_version(instruction.account.id)
        form = checkout.form(instruction, time.time(), version)
        answer = await self._client.post(instruction, place(*checkout.PATH), form)
        if answer.status == 200:
            return checkout.opened(answer.read(Session), instruction)
        return declined(refusal(answer))

    async def _charge(self, instruction: AuthorizeInstruction, token: str) -> Reply:
        version = self._client.api_version(instruction.account.id)
        form = authorizing.form(instruction, token, version)
        answer = await self._client.post(instruction, place("payment_intents"), form)
        if answer.status == 200:
            return intents.authorized(_hold(answer.read(Intent), instruction))
        problem = refusal(answer)
        intent = problem.payment_intent
        if problem.intent is not None:
            _hold(problem.intent, instruction)
        elif intent is not None and intent.metadata is not None:
            same("reference", intent.metadata.get(KEY), instruction.key)
        if is_about_state(problem) or (
            intent and intent.status not in (None, "requires_payment_method")
        ):
            raise InDoubt("Stripe refused, and the payment intent says something else")
        return await self._looked_into(instruction, problem)

    async def _looked_into(self, instruction: AuthorizeInstruction, problem: Problem) -> Declined:
        """Whether Stripe's own filter said no, as the charge alone tells: that is no soft one."""
        intent_id = problem.payment_intent.id if problem.payment_intent else None
        said_no = intents.refused(problem, problem.intent)
        if intent_id is None or not may_be_blocked(problem, problem.outcome):
            return said_no
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                intent = await self._lookups.intent(instruction, intent_id)
        except (WireError, TimeoutError):
            return said_no
        return intents.refused(problem, _hold(intent, instruction))

    async def capture(self, instruction: CaptureInstruction) -> Reply:
        """`POST /v1/payment_intents/{id}/capture`. An intent that is at its end already is read
        instead of the refusal."""
        path = place("payment_intents", instruction.psp_ref, "capture")
        form = {
            "amount_to_capture": amounts.units(instruction.amount),
            # By this an event is known as that of a capture which we asked for.
            f"metadata[{CAPTURE}]": instruction.key,
        }
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
        """`POST /v1/payment_intents/{id}/cancel`; a page that is still open is expired. Without a
        `psp_ref` it is looked for by our key first. The rest after a capture Stripe has released
        itself. What a sale took is refunded."""
        psp_ref = instruction.psp_ref or await self._found(instruction)
        if instruction.after_capture:
            intent = await self._lookups.intent(instruction, psp_ref)
            return intents.released(_parent(intent, instruction, psp_ref))
        if psp_ref.startswith(checkout.PREFIX):
            session = await self._page(instruction, psp_ref)
            if instruction.sale and session.intent is not None and _is_sold(session.intent):
                sold = _parent(session.intent, instruction, session.intent.id)
                return await give_back(self._client, instruction, sold)
            return await checkout.close(self._client, instruction, session)
        if instruction.sale:
            sold = _parent(await self._sold(instruction, psp_ref), instruction, psp_ref)
            if _is_sold(sold):
                return await give_back(self._client, instruction, sold)
        path = place("payment_intents", psp_ref, "cancel")
        answer = await self._client.post(instruction, path, {})
        if answer.status == 200:
            return intents.voided(_parent(answer.read(Intent), instruction, psp_ref))
        problem = refusal(answer)
        ended = _at_its_end(problem, instruction, psp_ref)
        if ended is None:
            return replace(declined(problem), soft=False)
        if instruction.sale and _is_sold(ended):
            # The player paid just then.
            return await give_back(self._client, instruction, ended)
        return intents.voided(ended)

    async def refund(self, instruction: RefundInstruction) -> Reply:
        """`POST /v1/refunds`, of the payment intent. A refusal because of what was done before is
        in doubt, every other is hard."""
        paid = an_id(instruction.authorization_ref or instruction.psp_ref)
        form = {
            "payment_intent": paid,
            "amount": amounts.units(instruction.amount),
            **authorizing.metadata(instruction),
        }
        answer = await self._client.post(instruction, place("refunds"), form)
        if answer.status != 200:
            problem = refusal(answer)
            if is_about_state(problem):
                raise InDoubt("Stripe refused because of something that was done before")
            return replace(declined(problem), soft=False)
        refund = answer.read(Refund)
        same("reference", refund.key, instruction.key)
        same("payment intent", refund.payment_intent, paid)
        same("currency", refund.currency.upper(), instruction.amount.currency)
        return intents.refunded(refund)

    async def look_up(self, lookup: Lookup) -> Finding:
        """By id, by the lists of those minutes, by the search: MAPPING.md, Looking."""
        return await self._lookups.look_up(lookup)

    async def hear(self, request: WebhookRequest) -> Delivery:
        return self._ear.hear(request)

    async def settlement(self, query: SettlementQuery) -> SettlementPage:
        """Balance transactions of one day: MAPPING.md, Settlement."""
        return await self._statement.page(query)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _found(self, instruction: VoidInstruction) -> str:
        """The payment intent of our reference. Raises NeverSent: nothing was asked to be canceled
        when none is found."""
        try:
            found = await self._lookups.to_void(instruction, instruction.authorize_key)
        except WireError as error:
            raise NeverSent(f"the payment intent could not be found ({error})") from None
        if found is None:
            raise NeverSent("Stripe finds no payment intent under our reference")
        return found

    async def _sold(self, instruction: VoidInstruction, psp_ref: str) -> Intent:
        """Raises NeverSent where it cannot be read: nothing was asked to be undone."""
        try:
            return await self._lookups.intent(instruction, psp_ref)
        except WireError as error:
            raise NeverSent(f"the payment intent could not be read ({error})") from None

    async def _page(self, instruction: VoidInstruction, session_id: str) -> Session:
        """Raises NeverSent where it cannot be read: nothing was asked to be closed."""
        try:
            return await self._lookups.page(instruction, session_id)
        except WireError as error:
            raise NeverSent(f"the page could not be read ({error})") from None


def _is_sold(intent: Intent) -> bool:
    """Never of a hold: should it have been captured, that would give back money that is booked."""
    return intent.is_sale and intent.status == "succeeded"


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
    intent = problem.intent
    if intent is not None and _parent(intent, instruction, psp_ref).status in (
        "canceled",
        "succeeded",
    ):
        return intent
    if is_about_state(problem):
        raise InDoubt("Stripe refused because of the state of the payment intent")
    return None
