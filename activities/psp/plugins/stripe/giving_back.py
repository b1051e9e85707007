"""Giving back what a sale took: a void that is a refund at Stripe."""

from __future__ import annotations

from dataclasses import replace

from activities.psp.wire import InDoubt
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, Pending, Reply, VoidInstruction

from . import authorizing, intents
from .client import Client, place
from .declines import declined
from .errors import is_about_state, refusal, same
from .messages import Intent, Refund

STEP = "back"
"""Behind the void's key: under the key itself a cancel may have been refused, because the player
paid just then."""


async def give_back(client: Client, instruction: VoidInstruction, intent: Intent) -> Reply:
    """`POST /v1/refunds` of all that is left of it. The answer names the payment intent: which sale
    was given back is what we keep of it. Raises NeverSent or InDoubt."""
    form = {"payment_intent": intent.id, **authorizing.metadata(instruction)}
    answer = await client.post(instruction, place("refunds"), form, step=STEP)
    if answer.status == 200:
        refund = answer.read(Refund)
        same("reference", refund.key, instruction.key)
        same("payment intent", refund.payment_intent, intent.id)
        same("currency", refund.currency.upper(), instruction.amount.currency)
        return given_back(refund, intent.id)
    problem = refusal(answer)
    if problem.code == "charge_already_refunded":
        return Approved(intent.id, Money(0, instruction.amount.currency))
    if is_about_state(problem):
        raise InDoubt("Stripe refused because of something that was done before")
    return replace(declined(problem), soft=False)


def given_back(refund: Refund, intent_id: str) -> Reply:
    """What the refund that a void ordered says of the sale."""
    match intents.refunded(refund):
        case Declined() as no:
            return no
        case Approved(amount=amount):
            return Approved(intent_id, amount)
        case Pending():
            return Pending(intent_id)
