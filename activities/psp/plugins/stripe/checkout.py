"""Without a token: Stripe's own page, by a Checkout Session (types of the `stripe` package, 16.1).

The session makes the payment intent when the player pays; until then the session is what there is,
and expiring it is the void. What comes of it is told under the payment intent's id.
"""

from __future__ import annotations

import math
from datetime import timedelta

from activities.psp.wire import InDoubt
from workflows.domain.declines import DeclineReason
from workflows.domain.psp import (
    Approved,
    AuthorizeInstruction,
    Declined,
    Pending,
    Reply,
    VoidInstruction,
)

from . import amounts, intents, methods
from .client import Client, place
from .errors import is_about_state, refusal, same
from .messages import KEY, PAGE, TRACE, Intent, Session

PREFIX = "cs_"
"""Of the ids of sessions; payment intents have another."""

PATH = ("checkout", "sessions")
LIVES, ROUNDED = timedelta(hours=1), timedelta(minutes=10)
"""Stripe takes 30 minutes to 24 hours. Rounded up, so that the same question asked again soon is
the same to Stripe; another one under our key is refused by it, and looked up."""

DECIDED = ("requires_capture", "succeeded", "processing")
"""The player has paid, whatever the session says."""


def form(instruction: AuthorizeInstruction, now: float, api_version: str) -> dict[str, str]:
    """Raises NeverSent for what Stripe cannot be asked."""
    amount = amounts.asked(instruction.amount)
    item, intent = "line_items[0]", "payment_intent_data"
    return {
        "mode": "payment",
        "client_reference_id": instruction.key,
        "success_url": instruction.return_url,
        "cancel_url": instruction.return_url,
        "expires_at": str(_expires_at(now)),
        f"{methods.parameter(api_version)}[0]": instruction.method,
        f"{item}[quantity]": "1",
        f"{item}[price_data][currency]": amount["currency"],
        f"{item}[price_data][unit_amount]": amount["amount"],
        f"{item}[price_data][product_data][name]": "Deposit",
        # Else Stripe lets the player pay in a currency that nobody asked for.
        "adaptive_pricing[enabled]": "false",
        **_metadata("metadata", instruction),
        **_metadata(f"{intent}[metadata]", instruction),
        f"{intent}[metadata][{PAGE}]": "checkout",
        f"{intent}[capture_method]": methods.capture_method(instruction),
    }


def opened(session: Session, instruction: AuthorizeInstruction) -> Reply:
    """What the answer says. Raises InDoubt."""
    amount = instruction.amount
    of_ours(session, instruction.key, amount.currency)
    if session.amount_total is None or session.currency is None:
        raise InDoubt("the session does not say how much it asks for")
    same("amount", amounts.money_of(session.amount_total, session.currency), amount)
    if session.status == "open" and session.url is None:
        raise InDoubt("the session names no page")
    return state(session)


def state(session: Session) -> Reply:
    """What a session, with its payment intent expanded, says of the authorization."""
    intent = session.intent
    if intent is not None and (session.status == "complete" or intent.status in DECIDED):
        return intents.authorized(intent)
    match session.status:
        case "open":
            return Pending(session.id, session.url)
        case "expired":
            return Declined(DeclineReason.EXPIRED, soft=False, code="expired")
        case _:
            return Pending(session.id)


def of_ours(session: Session, key: str, currency: str | None) -> Session:
    """It is about this authorization, or about none. Raises InDoubt."""
    same("reference", session.key, key)
    if currency is not None and session.currency is not None:
        same("currency", session.currency.upper(), currency)
    if session.intent is not None:
        same("reference", session.intent.key, key)
        if currency is not None:
            same("currency", session.intent.currency.upper(), currency)
    return session


async def close(client: Client, instruction: VoidInstruction, session: Session) -> Reply:
    """Nothing can be paid by it any more, and what was held is released."""
    of_ours(session, instruction.authorize_key, instruction.amount.currency)
    intent = session.intent
    if intent is not None and (session.status == "complete" or intent.status in DECIDED):
        return await _canceled(client, instruction, intent)
    if session.status == "open":
        answer = await client.post(instruction, place(*PATH, session.id, "expire"), {})
        if answer.status != 200:
            refusal(answer)
            raise InDoubt("the session could not be expired: the player may just have paid")
        session = of_ours(answer.read(Session), instruction.authorize_key, None)
    if session.status != "expired":
        raise InDoubt("the session is neither open nor expired")
    return released(session)


def released(session: Session) -> Approved:
    """Of a session that is expired: what it asked for is asked of nobody any more."""
    if session.amount_total is None or session.currency is None:
        raise InDoubt("the session does not say how much it asked for")
    return Approved(session.id, amounts.money_of(session.amount_total, session.currency))


async def _canceled(client: Client, instruction: VoidInstruction, intent: Intent) -> Reply:
    if intent.status in ("canceled", "succeeded"):
        return intents.voided(intent)
    answer = await client.post(instruction, place("payment_intents", intent.id, "cancel"), {})
    if answer.status != 200:
        problem = refusal(answer)
        if problem.intent is None or is_about_state(problem):
            raise InDoubt("Stripe refused because of the state of the payment intent")
        same("payment intent", problem.intent.id, intent.id)
        return intents.voided(problem.intent)
    gone = answer.read(Intent)
    same("payment intent", gone.id, intent.id)
    return intents.voided(gone)


def _expires_at(now: float) -> int:
    step = ROUNDED.total_seconds()
    return int(math.ceil((now + LIVES.total_seconds()) / step) * step)


def _metadata(under: str, instruction: AuthorizeInstruction) -> dict[str, str]:
    return {
        f"{under}[{KEY}]": instruction.key,
        f"{under}[{TRACE}]": instruction.trace_id,
    }
