"""What Stripe's objects say, in our words: one payment intent is authorization, capture and void.

All raise InDoubt for what says nothing that can be believed.
"""

from __future__ import annotations

from dataclasses import replace

from activities.psp.wire import InDoubt
from workflows.domain.declines import DeclineReason
from workflows.domain.psp import Approved, Authentication, Declined, Pending, Reply

from .amounts import money_of
from .declines import declined, failed, may_be_blocked
from .messages import Charge, ChargedCard, Checks, Intent, Problem, Refund, ThreeDSecure

_SHIFTED = {
    "authenticated": True,
    "attempt_acknowledged": True,
    "data_share_only": False,
    "exempted": False,
    "failed": False,
    "not_supported": False,
    "processing_error": False,
}


def authorized(intent: Intent) -> Reply:
    """`succeeded` of a sale is captured; of a hold it was captured since, and the authorization was
    for all of it. `canceled` is a decline, whoever canceled."""
    match intent.status:
        case "succeeded" if intent.is_sale:
            taken = money_of(_known(intent.amount_received), intent.currency)
            return Approved(intent.id, taken, _authentication(intent.charge), captured=True)
        case "requires_capture":
            held = money_of(_known(intent.amount_capturable), intent.currency)
            return Approved(intent.id, held, _authentication(intent.charge))
        case "succeeded":
            # Captured since: the authorization was for all of it.
            held = money_of(intent.amount, intent.currency)
            return Approved(intent.id, held, _authentication(intent.charge))
        case "canceled":
            return _canceled(intent, DeclineReason.VOIDED)
        case "requires_payment_method" if intent.last_payment_error is not None:
            return refused(intent.last_payment_error, intent)
        case _:
            return Pending(intent.id, intent.redirect_url)


def captured(intent: Intent) -> Reply:
    """Of what Stripe says it received, which may be less than was held. `requires_capture` is in
    doubt: it was asked, and is not done."""
    match intent.status:
        case "succeeded":
            return Approved(intent.id, money_of(_known(intent.amount_received), intent.currency))
        case "canceled":
            return _canceled(intent, DeclineReason.NOT_CAPTURABLE)
        case "requires_payment_method":
            return Declined(DeclineReason.NOT_CAPTURABLE, soft=False, code=intent.status)
        case "requires_capture":
            raise InDoubt("the payment intent is not captured")
        case _:
            return Pending(intent.id)


def voided(intent: Intent) -> Reply:
    """Approved with all that was asked for, whatever of it was held. `succeeded`: it was captured,
    and can be refunded only."""
    match intent.status:
        case "canceled":
            return Approved(intent.id, money_of(intent.amount, intent.currency))
        case "succeeded":
            return Declined(DeclineReason.NOT_VOIDABLE, soft=False, code=intent.status)
        case (
            "requires_capture"
            | "requires_action"
            | "requires_confirmation"
            | "requires_payment_method"
            | "processing"
        ):
            raise InDoubt("the payment intent is not canceled")
        case _:
            return Pending(intent.id)


def released(intent: Intent) -> Approved:
    """Of a hold that was captured in part: Stripe has let go of the rest by that."""
    if intent.status != "succeeded":
        raise InDoubt("the payment intent is not captured, so that no rest of it is released")
    rest = intent.amount - _known(intent.amount_received)
    if rest < 0:
        raise InDoubt("more was captured than authorized")
    return Approved(intent.id, money_of(rest, intent.currency))


def refunded(refund: Refund) -> Reply:
    """`pending` and `requires_action` are promises, and so is a word that we do not know."""
    match refund.status:
        case "succeeded":
            return Approved(refund.id, money_of(refund.amount, refund.currency))
        case "failed" | "canceled":
            return failed(refund.failure_reason, refund.status)
        case _:
            return Pending(refund.id)


def held(charge: Charge, intent_id: str) -> Approved:
    """What a charge that was approved says of the authorization; a captured one was a sale."""
    taken = charge.amount if charge.amount_captured is None else charge.amount_captured
    amount = money_of(taken if charge.captured else charge.amount, charge.currency)
    return Approved(intent_id, amount, _authentication(charge), captured=charge.captured)


def refused(problem: Problem, intent: Intent | None) -> Declined:
    """A no that is hard where a block by Stripe's filter may hide behind it, and nobody tells."""
    outcome = intent.outcome if intent else None
    said_no = declined(problem, outcome)
    charged = problem.charge or (intent and intent.latest_charge) or problem.payment_intent
    if charged and may_be_blocked(problem, outcome):
        return replace(said_no, soft=False)
    return said_no


def _canceled(intent: Intent, reason: DeclineReason) -> Declined:
    why = intent.cancellation_reason
    # Both words of Stripe's own: the hold was older than the scheme lets it become, or its page.
    ended = DeclineReason.EXPIRED if why in ("automatic", "expired") else reason
    return Declined(ended, soft=False, code=why or intent.status)


def _authentication(charge: Charge | None) -> Authentication | None:
    card = charge and charge.payment_method_details and charge.payment_method_details.card
    if not isinstance(card, ChargedCard):
        return None
    proof, checks = card.three_d_secure or ThreeDSecure(), card.checks or Checks()
    return Authentication(
        scheme=card.network or card.brand,
        eci=proof.electronic_commerce_indicator,
        version=proof.version,
        ds_trans_id=proof.transaction_id,
        liability_shift=_SHIFTED.get(proof.result or ""),
        avs=_avs(checks),
        cvv=checks.cvc_check,
    )


def _avs(checks: Checks) -> str | None:
    """Two results in one text: `line1:pass,postal_code:fail`."""
    parts = {"line1": checks.address_line1_check, "postal_code": checks.address_postal_code_check}
    return ",".join(f"{name}:{result}" for name, result in parts.items() if result) or None


def _known(amount: int | None) -> int:
    if amount is None:
        raise InDoubt("the answer does not say how much")
    return amount
