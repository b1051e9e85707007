"""What Stripe's objects say, in our words: one payment intent is authorization, capture and void.

All raise InDoubt for what says nothing that can be believed.
"""

from __future__ import annotations

from activities.psp.wire import InDoubt
from workflows.domain.declines import Reason
from workflows.domain.psp import Approved, Authentication, Declined, Pending, Reply

from .amounts import told
from .declines import declined, failed
from .messages import Charge, ChargedCard, Checks, Intent, Refund, ThreeDSecure

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
    match intent.status:
        case "requires_capture":
            held = told(_known(intent.amount_capturable), intent.currency)
            return Approved(intent.id, held, _authentication(intent.charge))
        case "succeeded":
            # Captured since: the authorization was for all of it.
            held = told(intent.amount, intent.currency)
            return Approved(intent.id, held, _authentication(intent.charge))
        case "canceled":
            return _canceled(intent, Reason.VOIDED)
        case "requires_payment_method" if intent.last_payment_error is not None:
            return declined(intent.last_payment_error)
        case _:
            return Pending(intent.id, intent.redirect_url)


def captured(intent: Intent) -> Reply:
    match intent.status:
        case "succeeded":
            return Approved(intent.id, told(_known(intent.amount_received), intent.currency))
        case "canceled":
            return _canceled(intent, Reason.NOT_CAPTURABLE)
        case "requires_payment_method":
            return Declined(Reason.NOT_CAPTURABLE, soft=False, code=intent.status)
        case "requires_capture":
            raise InDoubt("the payment intent is not captured")
        case _:
            return Pending(intent.id)


def voided(intent: Intent) -> Reply:
    match intent.status:
        case "canceled":
            return Approved(intent.id, told(intent.amount, intent.currency))
        case "succeeded":
            return Declined(Reason.NOT_VOIDABLE, soft=False, code=intent.status)
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
    return Approved(intent.id, told(rest, intent.currency))


def refunded(refund: Refund) -> Reply:
    match refund.status:
        case "succeeded":
            return Approved(refund.id, told(refund.amount, refund.currency))
        case "failed" | "canceled":
            return failed(refund.failure_reason, refund.status)
        case _:
            return Pending(refund.id)


def held(charge: Charge, intent_id: str) -> Approved:
    """What a charge that is not captured yet says of the authorization."""
    amount = told(charge.amount, charge.currency)
    return Approved(intent_id, amount, _authentication(charge))


def _canceled(intent: Intent, reason: Reason) -> Declined:
    why = intent.cancellation_reason
    # "automatic": the hold was older than the scheme lets it become.
    told_reason = Reason.EXPIRED if why == "automatic" else reason
    return Declined(told_reason, soft=False, code=why or intent.status)


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
    return ",".join(f"{name}:{said}" for name, said in parts.items() if said) or None


def _known(amount: int | None) -> int:
    if amount is None:
        raise InDoubt("the answer does not say how much")
    return amount
