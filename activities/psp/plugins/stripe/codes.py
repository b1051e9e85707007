"""Stripe's codes in our words, as tables. Soft or hard follows in `declines.py`."""

from __future__ import annotations

from workflows.domain.declines import DeclineReason, Retry

_NEVER, _LATER, _CHANGE = Retry.NEVER, Retry.LATER, Retry.AFTER_CHANGE

DECLINES: dict[str, tuple[DeclineReason, Retry]] = {
    # docs.stripe.com/declines/codes
    "approve_with_id": (DeclineReason.DO_NOT_HONOR, _LATER),
    "authentication_not_handled": (DeclineReason.AUTHENTICATION_REQUIRED, _CHANGE),
    "authentication_required": (DeclineReason.AUTHENTICATION_REQUIRED, _CHANGE),
    "call_issuer": (DeclineReason.DO_NOT_HONOR, _LATER),
    "card_not_supported": (DeclineReason.CARD_NOT_SUPPORTED, _CHANGE),
    "card_velocity_exceeded": (DeclineReason.LIMIT_EXCEEDED, _LATER),
    "currency_not_supported": (DeclineReason.CURRENCY_NOT_SUPPORTED, _CHANGE),
    "do_not_honor": (DeclineReason.DO_NOT_HONOR, _LATER),
    "do_not_try_again": (DeclineReason.DO_NOT_HONOR, _NEVER),
    "duplicate_transaction": (DeclineReason.DUPLICATE, _LATER),
    "expired_card": (DeclineReason.EXPIRED_CARD, _CHANGE),
    "fraudulent": (DeclineReason.FRAUD, _NEVER),
    "generic_decline": (DeclineReason.DO_NOT_HONOR, _LATER),
    "incorrect_address": (DeclineReason.INVALID_ADDRESS, _CHANGE),
    "incorrect_cvc": (DeclineReason.INVALID_CVV, _CHANGE),
    "incorrect_number": (DeclineReason.INVALID_CARD, _CHANGE),
    "incorrect_pin": (DeclineReason.INVALID_PIN, _CHANGE),
    "incorrect_postal_code": (DeclineReason.INVALID_ADDRESS, _CHANGE),
    "incorrect_zip": (DeclineReason.INVALID_ADDRESS, _CHANGE),
    "insufficient_funds": (DeclineReason.INSUFFICIENT_FUNDS, _LATER),
    "invalid_account": (DeclineReason.ACCOUNT_CLOSED, _NEVER),
    "invalid_amount": (DeclineReason.LIMIT_EXCEEDED, _CHANGE),
    "invalid_cvc": (DeclineReason.INVALID_CVV, _CHANGE),
    "invalid_expiry_month": (DeclineReason.INVALID_CARD, _CHANGE),
    "invalid_expiry_year": (DeclineReason.INVALID_CARD, _CHANGE),
    "invalid_number": (DeclineReason.INVALID_CARD, _CHANGE),
    "invalid_pin": (DeclineReason.INVALID_PIN, _CHANGE),
    "issuer_not_available": (DeclineReason.ISSUER_UNAVAILABLE, _LATER),
    "lost_card": (DeclineReason.LOST_CARD, _NEVER),
    "merchant_blacklist": (DeclineReason.BLOCKED, _NEVER),
    "mobile_device_authentication_required": (DeclineReason.AUTHENTICATION_REQUIRED, _CHANGE),
    "new_account_information_available": (DeclineReason.INVALID_CARD, _CHANGE),
    "no_action_taken": (DeclineReason.DO_NOT_HONOR, _LATER),
    "not_permitted": (DeclineReason.NOT_PERMITTED, _NEVER),
    "offline_pin_required": (DeclineReason.INVALID_PIN, _CHANGE),
    "online_or_offline_pin_required": (DeclineReason.INVALID_PIN, _CHANGE),
    "pickup_card": (DeclineReason.PICKUP_CARD, _NEVER),
    "pin_try_exceeded": (DeclineReason.INVALID_PIN, _CHANGE),
    "processing_error": (DeclineReason.PROCESSING_ERROR, _LATER),
    "reenter_transaction": (DeclineReason.PROCESSING_ERROR, _LATER),
    "restricted_card": (DeclineReason.RESTRICTED_CARD, _NEVER),
    "revocation_of_all_authorizations": (DeclineReason.REVOKED, _NEVER),
    "revocation_of_authorization": (DeclineReason.REVOKED, _NEVER),
    "security_violation": (DeclineReason.BLOCKED, _NEVER),
    "service_not_allowed": (DeclineReason.NOT_PERMITTED, _NEVER),
    "stolen_card": (DeclineReason.STOLEN_CARD, _NEVER),
    "stop_payment_order": (DeclineReason.REVOKED, _NEVER),
    "testmode_decline": (DeclineReason.INVALID_CARD, _CHANGE),
    "transaction_not_allowed": (DeclineReason.NOT_PERMITTED, _NEVER),
    "try_again_later": (DeclineReason.TRY_LATER, _LATER),
    "withdrawal_count_limit_exceeded": (DeclineReason.LIMIT_EXCEEDED, _LATER),
    # Codes of errors, where no decline code stands beside them.
    "card_declined": (DeclineReason.DO_NOT_HONOR, _LATER),
    "card_decline_rate_limit_exceeded": (DeclineReason.BLOCKED, _LATER),
    "charge_exceeds_source_limit": (DeclineReason.LIMIT_EXCEEDED, _LATER),
    "charge_exceeds_transaction_limit": (DeclineReason.LIMIT_EXCEEDED, _CHANGE),
    "charge_exceeds_weekly_limit": (DeclineReason.LIMIT_EXCEEDED, _LATER),
    "elevated_risk_level": (DeclineReason.FRAUD, _NEVER),
    "highest_risk_level": (DeclineReason.FRAUD, _NEVER),
    "invalid_card_type": (DeclineReason.CARD_NOT_SUPPORTED, _CHANGE),
    "payment_intent_authentication_failure": (DeclineReason.AUTHENTICATION_FAILED, _CHANGE),
    "payment_intent_payment_attempt_expired": (DeclineReason.EXPIRED, _LATER),
    "payment_intent_payment_attempt_failed": (DeclineReason.DO_NOT_HONOR, _LATER),
    "payment_method_not_available": (DeclineReason.ISSUER_UNAVAILABLE, _LATER),
    "payment_method_customer_decline": (DeclineReason.CANCELLED_BY_PLAYER, _CHANGE),
    "payment_method_provider_decline": (DeclineReason.DO_NOT_HONOR, _LATER),
    "payment_method_provider_timeout": (DeclineReason.ISSUER_UNAVAILABLE, _LATER),
    "payment_method_restricted": (DeclineReason.RESTRICTED_CARD, _NEVER),
}

REQUESTS: dict[str, DeclineReason] = {
    "account_invalid": DeclineReason.ACCOUNT_MISCONFIGURED,
    "amount_too_large": DeclineReason.LIMIT_EXCEEDED,
    "amount_too_small": DeclineReason.AMOUNT_TOO_SMALL,
    "api_key_expired": DeclineReason.ACCOUNT_MISCONFIGURED,
    "balance_insufficient": DeclineReason.INSUFFICIENT_FUNDS,
    "capture_charge_authorization_expired": DeclineReason.EXPIRED,
    "capture_unauthorized_payment": DeclineReason.NOT_CAPTURABLE,
    "charge_already_refunded": DeclineReason.NOT_REFUNDABLE,
    "charge_disputed": DeclineReason.NOT_REFUNDABLE,
    "charge_expired_for_capture": DeclineReason.EXPIRED,
    "charge_not_refundable": DeclineReason.NOT_REFUNDABLE,
    "country_unsupported": DeclineReason.COUNTRY_NOT_SUPPORTED,
    "insufficient_funds": DeclineReason.INSUFFICIENT_FUNDS,
    "livemode_mismatch": DeclineReason.ACCOUNT_MISCONFIGURED,
    "payment_method_currency_mismatch": DeclineReason.CURRENCY_NOT_SUPPORTED,
    "payment_method_unactivated": DeclineReason.ACCOUNT_MISCONFIGURED,
    "payment_method_unsupported_type": DeclineReason.METHOD_NOT_SUPPORTED,
    "platform_api_key_expired": DeclineReason.ACCOUNT_MISCONFIGURED,
    "refund_disputed_payment": DeclineReason.NOT_REFUNDABLE,
    "request_blocked": DeclineReason.BLOCKED,
    "secret_key_required": DeclineReason.ACCOUNT_MISCONFIGURED,
    "testmode_charges_only": DeclineReason.ACCOUNT_MISCONFIGURED,
    "tls_version_unsupported": DeclineReason.ACCOUNT_MISCONFIGURED,
    "token_already_used": DeclineReason.UNKNOWN_TOKEN,
}
"""Of requests that Stripe refused; any other code is an invalid request: hard, the mistake is
ours, not the card's."""

OF_THE_ACCOUNT = frozenset(
    {
        DeclineReason.ACCOUNT_MISCONFIGURED,
        DeclineReason.AMOUNT_TOO_SMALL,
        DeclineReason.COUNTRY_NOT_SUPPORTED,
        DeclineReason.CURRENCY_NOT_SUPPORTED,
        DeclineReason.LIMIT_EXCEEDED,
        DeclineReason.METHOD_NOT_SUPPORTED,
    }
)
"""Why a request is refused here and may be taken by another account: soft."""

FAILED_REFUNDS: dict[str, DeclineReason] = {
    "charge_for_pending_refund_disputed": DeclineReason.NOT_REFUNDABLE,
    "declined": DeclineReason.RETURNED,
    "expired_or_canceled_card": DeclineReason.RETURNED,
    "insufficient_funds": DeclineReason.INSUFFICIENT_FUNDS,
    "lost_or_stolen_card": DeclineReason.RETURNED,
    "merchant_request": DeclineReason.VOIDED,
    "unknown": DeclineReason.RETURNED,
}
"""Returned: the bank would not have it, and Stripe has put it back to our balance. The others never
left us. What Stripe says comes along as the code."""

WORDS = {
    "confirm_card_data": Retry.AFTER_CHANGE,
    "do_not_try_again": Retry.NEVER,
    "try_again_later": Retry.LATER,
}
"""Stripe's own `advice_code`."""

NETWORK: dict[str, DeclineReason] = {
    "04": DeclineReason.PICKUP_CARD,
    "07": DeclineReason.PICKUP_CARD,
    "34": DeclineReason.FRAUD,
    "41": DeclineReason.LOST_CARD,
    "43": DeclineReason.STOLEN_CARD,
    "59": DeclineReason.FRAUD,
    "63": DeclineReason.BLOCKED,
}
"""The issuer's own word (`network_decline_code`, ISO 8583) where it says more than Stripe's, and
what nobody shall try again elsewhere. Of every scheme: where it means less, hard is safe."""

RISKS: dict[str, DeclineReason] = {
    "elevated_risk_level": DeclineReason.FRAUD,
    "fraudulent": DeclineReason.FRAUD,
    "highest_risk_level": DeclineReason.FRAUD,
    "merchant_blacklist": DeclineReason.BLOCKED,
}
"""`outcome.reason` of a charge that Stripe blocked; every other one (`rule`, …) is BLOCKED."""

SAYS_NOTHING = frozenset({"card_declined", "generic_decline"})
"""Codes behind which a block by Stripe's own filter hides: only the charge tells."""
