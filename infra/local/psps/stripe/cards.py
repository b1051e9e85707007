"""Test payment methods. Stripe's own do what they do there; `pm_card_lookalike…` are ours:

DeclinedAtPrimary: softly declined by one merchant account, approved by the other
CaptureRefused: approved, and no capture of it is
PendingRefundFails: a refund is pending, then fails
SuspectedFraud: a generic decline, of which the issuer's own code says suspected fraud
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Decline:
    code: str
    decline_code: str
    advice: str
    network_code: str | None = None
    network_advice: str | None = None
    """Mastercard's merchant advice code, where the issuer gave one."""
    blocked: bool = False
    """By Stripe itself: no issuer was asked."""
    risk: str | None = None
    """Why, where it was Stripe's filter; the error does not say so, only the charge's outcome."""


@dataclass(frozen=True)
class Card:
    network: str = "visa"
    last4: str = "4242"
    decline: Decline | None = None
    only_at: str | None = None
    """The merchant account that declines; None: all do."""
    challenge: bool = False
    captures: bool = True
    refund: str = "succeeded"
    """How a refund ends: succeeded, pending (then succeeded), fails, pending_fails."""
    cvc: str = "pass"
    line1: str = "pass"
    postal_code: str = "pass"

    def verdict(self, account: str) -> Decline | None:
        return self.decline if self.only_at in (None, account) else None


def _declined(code: str, advice: str, network: str | None = None) -> Card:
    return Card(last4="0002", decline=Decline("card_declined", code, advice, network))


_LATER, _NEVER, _CHECK = "try_again_later", "do_not_try_again", "confirm_card_data"
_DO_NOT_HONOR = Decline("card_declined", "do_not_honor", _LATER, "05")
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required", "authentication_required", _CHECK, "1A"
)

CARDS = {
    "pm_card_visa": Card(),
    "pm_card_visa_debit": Card(last4="5556"),
    "pm_card_mastercard": Card("mastercard", "4444"),
    "pm_card_amex": Card("amex", "8431"),
    "pm_card_jcb": Card("jcb", "0505"),
    "pm_card_threeDSecure2Required": Card(last4="3220", challenge=True),
    "pm_card_threeDSecureRequired": Card(last4="3063", challenge=True),
    "pm_card_authenticationRequired": Card(last4="3184", challenge=True),
    "pm_card_threeDSecureOptional": Card(last4="3055"),
    "pm_card_cvcCheckFail": Card(last4="0101", cvc="fail"),
    "pm_card_avsFail": Card(last4="0010", line1="fail", postal_code="fail"),
    "pm_card_avsLine1Fail": Card(last4="0028", line1="fail"),
    "pm_card_avsZipFail": Card(last4="0036", postal_code="fail"),
    "pm_card_avsUnchecked": Card(last4="0044", line1="unavailable", postal_code="unavailable"),
    "pm_card_pendingRefund": Card(last4="7726", refund="pending"),
    "pm_card_refundFail": Card(last4="5126", refund="fails"),
    "pm_card_chargeDeclined": _declined("generic_decline", _LATER, "01"),
    "pm_card_chargeDeclinedInsufficientFunds": _declined("insufficient_funds", _LATER, "51"),
    "pm_card_chargeDeclinedLostCard": _declined("lost_card", _NEVER, "41"),
    "pm_card_chargeDeclinedStolenCard": _declined("stolen_card", _NEVER, "43"),
    "pm_card_chargeDeclinedFraudulent": Card(
        last4="0019", decline=Decline("card_declined", "fraudulent", _NEVER, blocked=True)
    ),
    "pm_card_chargeDeclinedVelocityLimitExceeded": _declined(
        "card_velocity_exceeded", _LATER, "65"
    ),
    "pm_card_chargeDeclinedExpiredCard": Card(
        last4="0069", decline=Decline("expired_card", "expired_card", _CHECK, "54")
    ),
    "pm_card_chargeDeclinedIncorrectCvc": Card(
        last4="0127", decline=Decline("incorrect_cvc", "incorrect_cvc", _CHECK, "N7"), cvc="fail"
    ),
    "pm_card_chargeDeclinedProcessingError": Card(
        last4="0119", decline=Decline("processing_error", "processing_error", _LATER)
    ),
    "pm_card_radarBlock": Card(
        last4="9995",
        decline=Decline(
            "card_declined",
            "generic_decline",
            _NEVER,
            blocked=True,
            risk="highest_risk_level",
        ),
    ),
    "pm_card_lookalikeSuspectedFraud": _declined("generic_decline", _LATER, "59"),
    "pm_card_lookalikeDeclinedAtPrimary": Card(decline=_DO_NOT_HONOR, only_at="primary"),
    "pm_card_lookalikeMastercardNever": Card(
        "mastercard", "4444", Decline("card_declined", "do_not_honor", _NEVER, "05", "03")
    ),
    "pm_card_lookalikeCaptureRefused": Card(captures=False),
    "pm_card_lookalikePendingRefundFails": Card(refund="pending_fails"),
}

ON_PAGE = (
    "pm_card_visa",
    "pm_card_mastercard",
    "pm_card_threeDSecure2Required",
    "pm_card_chargeDeclined",
    "pm_card_chargeDeclinedInsufficientFunds",
    "pm_card_radarBlock",
)
"""With which the player can pay on Checkout's page."""

MESSAGES = {
    "card_declined": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}

_ECI = {"mastercard": ("02", "01")}


def eci(network: str, *, authenticated: bool) -> str:
    """Authenticated, or only attempted; as the scheme writes it."""
    full, attempted = _ECI.get(network, ("05", "06"))
    return full if authenticated else attempted
