"""Why a payment was declined, in one vocabulary, and what may be tried after it.

A PSP's own code is kept beside the reason. What no table knows is UNMAPPED: hard, never tried
again, and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DeclineReason(StrEnum):
    # The bank would rather not, today.
    DO_NOT_HONOR = "do_not_honor"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    LIMIT_EXCEEDED = "limit_exceeded"
    ISSUER_UNAVAILABLE = "issuer_unavailable"
    PROCESSING_ERROR = "processing_error"
    TRY_LATER = "try_later"
    # The player must do something first.
    AUTHENTICATION_REQUIRED = "authentication_required"
    AUTHENTICATION_FAILED = "authentication_failed"
    CANCELLED_BY_PLAYER = "cancelled_by_player"
    INVALID_CARD = "invalid_card"
    INVALID_CVV = "invalid_cvv"
    INVALID_ADDRESS = "invalid_address"
    INVALID_PIN = "invalid_pin"
    EXPIRED_CARD = "expired_card"
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105 - a reason, no secret
    # Not with this card, account or shop.
    CARD_NOT_SUPPORTED = "card_not_supported"
    CURRENCY_NOT_SUPPORTED = "currency_not_supported"
    METHOD_NOT_SUPPORTED = "method_not_supported"
    COUNTRY_NOT_SUPPORTED = "country_not_supported"
    AMOUNT_TOO_SMALL = "amount_too_small"
    """Below what this PSP moves by the method."""
    NOT_PERMITTED = "not_permitted"
    RESTRICTED_CARD = "restricted_card"
    LOST_CARD = "lost_card"
    STOLEN_CARD = "stolen_card"
    PICKUP_CARD = "pickup_card"
    ACCOUNT_CLOSED = "account_closed"
    REVOKED = "revoked"
    BLOCKED = "blocked"
    FRAUD = "fraud"
    DUPLICATE = "duplicate"
    # Our merchant account's fault, or its contract's.
    ACCOUNT_MISCONFIGURED = "account_misconfigured"
    # About what was asked, not about the card.
    INVALID_REQUEST = "invalid_request"
    CAPTURE_REFUSED = "capture_refused"
    NOT_CAPTURABLE = "not_capturable"
    NOT_REFUNDABLE = "not_refundable"
    NOT_VOIDABLE = "not_voidable"
    EXPIRED = "expired"
    VOIDED = "voided"
    # About a payout.
    UNKNOWN_DESTINATION = "unknown_destination"
    INVALID_DESTINATION = "invalid_destination"
    RETURNED = "returned"
    UNCLAIMED = "unclaimed"
    # Of no table.
    UNMAPPED = "declined"


SOFT = frozenset(
    {
        DeclineReason.DO_NOT_HONOR,
        DeclineReason.INSUFFICIENT_FUNDS,
        DeclineReason.LIMIT_EXCEEDED,
        DeclineReason.ISSUER_UNAVAILABLE,
        DeclineReason.PROCESSING_ERROR,
        DeclineReason.TRY_LATER,
        DeclineReason.AUTHENTICATION_REQUIRED,
        DeclineReason.CARD_NOT_SUPPORTED,
        DeclineReason.CURRENCY_NOT_SUPPORTED,
        DeclineReason.METHOD_NOT_SUPPORTED,
        DeclineReason.COUNTRY_NOT_SUPPORTED,
        DeclineReason.AMOUNT_TOO_SMALL,
        DeclineReason.ACCOUNT_MISCONFIGURED,
    }
)
"""Reasons for which another merchant account may say yes; a PSP's table may be stricter."""


class Retry(StrEnum):
    """What a PSP or a card scheme lets us do with the same card after a decline."""

    NEVER = "never"
    LATER = "later"
    AFTER_CHANGE = "after_change"
    """Once the data or the authentication is another."""
    FREE = "free"
    """Nothing speaks against it."""


@dataclass(frozen=True)
class Advice:
    retry: Retry
    after_seconds: int | None = None
    """With LATER: not before so long, where somebody said it."""
    scheme: str | None = None
    scheme_code: str | None = None
    """The issuer's own response code, where the PSP passes it on."""
    advice_code: str | None = None
    """Mastercard's merchant advice code or the PSP's word for it, as it came."""
