"""What an event of Stripe's says of money, in our words.

Ours is what has a key of ours in its metadata. A refund, a capture or a cancel that no call of ours
made, a hold that lapsed and a dispute are facts that nobody asked for (`unasked`), found by the ids
of the payment intent and the charge where no key of ours stands in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from activities.psp.contract import Takes, WebhookRefused
from workflows.domain.declines import DeclineReason
from workflows.domain.identity import payment_of
from workflows.domain.late_events import is_step
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Declined, Fact, Operation, Pending, Ready

from . import intents
from .amounts import money_of
from .declines import may_be_blocked
from .event_types import CHARGES, DISPUTES, REFUNDS, SESSIONS
from .events import Dispute, Event
from .giving_back import given_back
from .messages import CAPTURE, KEY, Charge, Intent, Refund, Session
from .methods import METHODS

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Told:
    """One fact of an event. `key` is empty where only `about`, Stripe's ids, can find the payment;
    `amount` is what the fact is about, in our units."""

    key: str
    operation: Operation
    reply: Fact
    amount: Money
    unasked: bool = False
    about: tuple[str, ...] = ()
    part: str = ""
    """Names it among several facts of one event."""


def translated(event: Event) -> list[Told]:
    """Nothing for what is about no money of ours. Raises InDoubt, WebhookRefused."""
    thing = event.data.object
    if event.type in REFUNDS:
        return _some(of_refund(read(Refund, thing)))
    if event.type in DISPUTES:
        return _some(_of_dispute(event.type, read(Dispute, thing)))
    key = _key_in(thing)
    if event.type == "charge.refunded":
        return _of_refunded(read(Charge, thing)) if thing.get("refunds") else []
    if key is None:
        return []
    if event.type in CHARGES:
        return _some(_of_charge(event.type, read(Charge, thing), key))
    if event.type in SESSIONS:
        return _some(_of_session(event.type, read(Session, thing), key))
    return _some(_of_intent(event, read(Intent, thing), key))


def read(model: type[Model], value: object) -> Model:
    """Raises WebhookRefused, 422: it is genuine, and cannot be understood."""
    try:
        return model.model_validate(value)
    except ValidationError:
        raise WebhookRefused("malformed", status=422) from None


# --- refunds ----------------------------------------------------------------------------------


def of_refund(refund: Refund) -> Told | None:
    """Ours by its key; else somebody else's, of a payment that may be ours. Named alike by every
    type of event that tells it: it is one fact."""
    amount, reply = money_of(refund.amount, refund.currency), intents.refunded(refund)
    if refund.key is not None and is_step(refund.key, Operation.REFUND):
        return Told(refund.key, Operation.REFUND, reply, amount)
    if refund.key is not None and is_step(refund.key, Operation.VOID) and refund.payment_intent:
        # So a void gives back what a sale took.
        undone = given_back(refund, refund.payment_intent)
        return Told(refund.key, Operation.VOID, undone, amount)
    about = _ids(refund.payment_intent, refund.charge)
    if not about or isinstance(reply, Pending):
        return None
    if isinstance(reply, Declined):
        about = (refund.id, *about)
    return Told("", Operation.REFUND, reply, amount, unasked=True, about=about)


def _of_refunded(charge: Charge) -> list[Told]:
    """Of old API versions, which list the refunds in the charge; what a cancel releases is listed
    too, and is none."""
    listed = charge.refunds.data if charge.refunds and charge.captured else []
    found = [(each.id, of_refund(each)) for each in listed]
    return [_part(fact, refund_id) for refund_id, fact in found if fact is not None]


def _part(fact: Told, name: str) -> Told:
    return Told(
        fact.key, fact.operation, fact.reply, fact.amount, fact.unasked, fact.about, part=name
    )


# --- disputes ---------------------------------------------------------------------------------


def _of_dispute(kind: str, dispute: Dispute) -> Told | None:
    """Told by several types under the dispute's id: it is one fact, and its reversal another."""
    operation = _moved(kind.removeprefix("charge.dispute."), dispute)
    if operation is None:
        return None
    amount = money_of(dispute.amount, dispute.currency)
    about = _ids(dispute.payment_intent, dispute.charge)
    return Told("", operation, Approved(dispute.id, amount), amount, unasked=True, about=about)


def _moved(kind: str, dispute: Dispute) -> Operation | None:
    """An inquiry (`warning_…`) and a dispute without balance transactions have moved nothing."""
    moves = None if dispute.balance_transactions is None else len(dispute.balance_transactions)
    lost = kind == "created" or (kind == "closed" and dispute.status == "lost")
    won = kind == "closed" and dispute.status == "won"
    if kind == "funds_withdrawn" or (lost and moves and not dispute.status.startswith("warning")):
        return Operation.CHARGEBACK
    if kind == "funds_reinstated" or (won and moves is not None and moves > 1):
        return Operation.CHARGEBACK_REVERSED
    return None


# --- charges and sessions ---------------------------------------------------------------------


def _of_charge(kind: str, charge: Charge, key: str) -> Told | None:
    """Its metadata is that of the payment intent when it was made."""
    if charge.payment_intent is None:
        return None
    if kind == "charge.expired":
        amount = money_of(charge.amount, charge.currency)
        about = _ids(charge.payment_intent, charge.id)
        reply = Approved(charge.payment_intent, amount)
        return Told(key, Operation.VOID, reply, amount, unasked=True, about=about)
    if not charge.captured and _takes_at_once(charge):
        # No hold, whatever it seems: the payment intent tells when the money is taken.
        return None
    held = intents.held(charge, charge.payment_intent)
    return Told(key, Operation.AUTHORIZE, held, held.amount)


def _takes_at_once(charge: Charge) -> bool:
    details = charge.payment_method_details
    method = METHODS.get((details and details.type) or "card")
    return method is not None and method.takes is Takes.SALE


def _of_session(kind: str, session: Session, key: str) -> Told | None:
    """The session does not say whether the money is held or taken: that is looked up."""
    if session.amount_total is None or session.currency is None:
        raise WebhookRefused("malformed", status=422)
    amount = money_of(session.amount_total, session.currency)
    if kind == "checkout.session.expired":
        ended = Declined(DeclineReason.EXPIRED, soft=False, code="expired")
        return Told(key, Operation.AUTHORIZE, ended, amount)
    return Told(key, Operation.AUTHORIZE, Ready(session.id), amount)


# --- payment intents --------------------------------------------------------------------------


def _of_intent(event: Event, intent: Intent, key: str) -> Told | None:
    match event.type.removeprefix("payment_intent."):
        case "succeeded" if not intent.is_sale:
            return _of_capture(event, intent, key)
        case "canceled":
            return _of_cancel(event, intent, key)
        case "processing" if asked := _asked(event, intent, key, Operation.CAPTURE):
            return _said(asked, Operation.CAPTURE, intents.captured(intent), intent)
        case "payment_failed":
            return _of_failure(intent, key)
        case _:
            return _said(key, Operation.AUTHORIZE, intents.authorized(intent), intent)


def _of_capture(event: Event, intent: Intent, key: str) -> Told:
    reply, asked = intents.captured(intent), _asked(event, intent, key, Operation.CAPTURE)
    return _said(asked or key, Operation.CAPTURE, reply, intent, unasked=not asked)


def _of_cancel(event: Event, intent: Intent, key: str) -> Told:
    asked = _asked(event, intent, key, Operation.VOID)
    if asked or _had_a_hold(intent):
        reply = intents.voided(intent)
        return _said(asked or key, Operation.VOID, reply, intent, unasked=not asked)
    return _said(key, Operation.AUTHORIZE, intents.authorized(intent), intent)


def _of_failure(intent: Intent, key: str) -> Told | None:
    """Of a capture that failed the answer tells, and the hold stands; on a page the player may try
    again, and its end tells. Where a block by Stripe's filter may hide behind the code, the charge
    has to be looked at first."""
    if intent.status != "requires_payment_method" or intent.is_of_a_page:
        return None
    error = intent.last_payment_error
    if error is not None and may_be_blocked(error, intent.outcome):
        return _said(key, Operation.AUTHORIZE, Ready(intent.id), intent)
    return _said(key, Operation.AUTHORIZE, intents.authorized(intent), intent)


def _said(
    key: str, operation: Operation, reply: Fact, intent: Intent, *, unasked: bool = False
) -> Told:
    whole = money_of(intent.amount, intent.currency)
    amount = reply.amount if isinstance(reply, Approved) else whole
    about = _ids(intent.id, intent.charge_id) if unasked else ()
    return Told(key, operation, reply, amount, unasked=unasked, about=about)


def _asked(event: Event, intent: Intent, key: str, operation: Operation) -> str:
    """The key of our instruction that did it, about the same payment; empty where it was none: the
    call's own, or the one that a capture of ours leaves in the metadata."""
    left = intent.metadata.get(CAPTURE, "") if operation is Operation.CAPTURE else ""
    keys = (event.asked_by, left)
    ours = (each for each in keys if payment_of(each) == payment_of(key))
    return next((each for each in ours if is_step(each, operation)), "")


def _had_a_hold(intent: Intent) -> bool:
    """Whether the authorization had its yes before; else it is what was ended."""
    return intent.latest_charge is not None and intent.last_payment_error is None


def _key_in(thing: dict[str, Any]) -> str | None:
    """Of an authorization of ours."""
    metadata = thing.get("metadata")
    key = metadata.get(KEY) if isinstance(metadata, dict) else None
    return key if isinstance(key, str) and is_step(key, Operation.AUTHORIZE) else None


def _ids(*ids: str | None) -> tuple[str, ...]:
    return tuple(each for each in ids if each is not None)


def _some(fact: Told | None) -> list[Told]:
    return [] if fact is None else [fact]
