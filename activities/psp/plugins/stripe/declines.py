"""Stripe's codes in our words: why, how a card may be tried again, and soft or hard.

Soft: another merchant account may say yes. What is in no table is hard: it never cascades.
"""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from activities.psp import schemes
from workflows.domain.declines import SOFT, Advice, Reason, Retry
from workflows.domain.psp import Declined

from .messages import Problem

log = structlog.get_logger("paysaga.psp")

_NEVER, _LATER, _CHANGE = Retry.NEVER, Retry.LATER, Retry.AFTER_CHANGE

DECLINES: dict[str, tuple[Reason, Retry]] = {
    # docs.stripe.com/declines/codes
    "approve_with_id": (Reason.DO_NOT_HONOR, _LATER),
    "authentication_required": (Reason.AUTHENTICATION_REQUIRED, _CHANGE),
    "call_issuer": (Reason.DO_NOT_HONOR, _LATER),
    "card_not_supported": (Reason.CARD_NOT_SUPPORTED, _CHANGE),
    "card_velocity_exceeded": (Reason.LIMIT_EXCEEDED, _LATER),
    "currency_not_supported": (Reason.CURRENCY_NOT_SUPPORTED, _CHANGE),
    "do_not_honor": (Reason.DO_NOT_HONOR, _LATER),
    "do_not_try_again": (Reason.DO_NOT_HONOR, _NEVER),
    "duplicate_transaction": (Reason.DUPLICATE, _LATER),
    "expired_card": (Reason.EXPIRED_CARD, _CHANGE),
    "fraudulent": (Reason.FRAUD, _NEVER),
    "generic_decline": (Reason.DO_NOT_HONOR, _LATER),
    "incorrect_address": (Reason.INVALID_ADDRESS, _CHANGE),
    "incorrect_cvc": (Reason.INVALID_CVV, _CHANGE),
    "incorrect_number": (Reason.INVALID_CARD, _CHANGE),
    "incorrect_pin": (Reason.INVALID_PIN, _CHANGE),
    "incorrect_postal_code": (Reason.INVALID_ADDRESS, _CHANGE),
    "incorrect_zip": (Reason.INVALID_ADDRESS, _CHANGE),
    "insufficient_funds": (Reason.INSUFFICIENT_FUNDS, _LATER),
    "invalid_account": (Reason.ACCOUNT_CLOSED, _NEVER),
    "invalid_amount": (Reason.LIMIT_EXCEEDED, _CHANGE),
    "invalid_cvc": (Reason.INVALID_CVV, _CHANGE),
    "invalid_expiry_month": (Reason.INVALID_CARD, _CHANGE),
    "invalid_expiry_year": (Reason.INVALID_CARD, _CHANGE),
    "invalid_number": (Reason.INVALID_CARD, _CHANGE),
    "invalid_pin": (Reason.INVALID_PIN, _CHANGE),
    "issuer_not_available": (Reason.ISSUER_UNAVAILABLE, _LATER),
    "lost_card": (Reason.LOST_CARD, _NEVER),
    "merchant_blacklist": (Reason.BLOCKED, _NEVER),
    "mobile_device_authentication_required": (Reason.AUTHENTICATION_REQUIRED, _CHANGE),
    "new_account_information_available": (Reason.INVALID_CARD, _CHANGE),
    "no_action_taken": (Reason.DO_NOT_HONOR, _LATER),
    "not_permitted": (Reason.NOT_PERMITTED, _NEVER),
    "offline_pin_required": (Reason.INVALID_PIN, _CHANGE),
    "online_or_offline_pin_required": (Reason.INVALID_PIN, _CHANGE),
    "pickup_card": (Reason.PICKUP_CARD, _NEVER),
    "pin_try_exceeded": (Reason.INVALID_PIN, _CHANGE),
    "processing_error": (Reason.PROCESSING_ERROR, _LATER),
    "reenter_transaction": (Reason.PROCESSING_ERROR, _LATER),
    "restricted_card": (Reason.RESTRICTED_CARD, _NEVER),
    "revocation_of_all_authorizations": (Reason.REVOKED, _NEVER),
    "revocation_of_authorization": (Reason.REVOKED, _NEVER),
    "security_violation": (Reason.BLOCKED, _NEVER),
    "service_not_allowed": (Reason.NOT_PERMITTED, _NEVER),
    "stolen_card": (Reason.STOLEN_CARD, _NEVER),
    "stop_payment_order": (Reason.REVOKED, _NEVER),
    "testmode_decline": (Reason.INVALID_CARD, _CHANGE),
    "transaction_not_allowed": (Reason.NOT_PERMITTED, _NEVER),
    "try_again_later": (Reason.TRY_LATER, _LATER),
    "withdrawal_count_limit_exceeded": (Reason.LIMIT_EXCEEDED, _LATER),
    # Codes of errors, where no decline code stands beside them.
    "card_declined": (Reason.DO_NOT_HONOR, _LATER),
    "card_decline_rate_limit_exceeded": (Reason.BLOCKED, _LATER),
    "elevated_risk_level": (Reason.FRAUD, _NEVER),
    "highest_risk_level": (Reason.FRAUD, _NEVER),
    "invalid_card_type": (Reason.CARD_NOT_SUPPORTED, _CHANGE),
    "payment_intent_authentication_failure": (Reason.AUTHENTICATION_FAILED, _CHANGE),
    "payment_intent_payment_attempt_expired": (Reason.EXPIRED, _LATER),
    "payment_intent_payment_attempt_failed": (Reason.DO_NOT_HONOR, _LATER),
    "payment_method_customer_decline": (Reason.CANCELLED_BY_PLAYER, _CHANGE),
    "payment_method_provider_decline": (Reason.DO_NOT_HONOR, _LATER),
    "payment_method_provider_timeout": (Reason.ISSUER_UNAVAILABLE, _LATER),
    "payment_method_restricted": (Reason.RESTRICTED_CARD, _NEVER),
}

REQUESTS: dict[str, Reason] = {
    "amount_too_large": Reason.LIMIT_EXCEEDED,
    "amount_too_small": Reason.LIMIT_EXCEEDED,
    "balance_insufficient": Reason.INSUFFICIENT_FUNDS,
    "capture_charge_authorization_expired": Reason.EXPIRED,
    "capture_unauthorized_payment": Reason.NOT_CAPTURABLE,
    "charge_already_refunded": Reason.NOT_REFUNDABLE,
    "charge_disputed": Reason.NOT_REFUNDABLE,
    "charge_expired_for_capture": Reason.EXPIRED,
    "charge_not_refundable": Reason.NOT_REFUNDABLE,
    "insufficient_funds": Reason.INSUFFICIENT_FUNDS,
    "payment_method_currency_mismatch": Reason.CURRENCY_NOT_SUPPORTED,
    "refund_disputed_payment": Reason.NOT_REFUNDABLE,
    "request_blocked": Reason.BLOCKED,
}
"""Of requests that Stripe refused; any other code is an invalid request. All are hard: the mistake
is ours, not the card's."""

FAILED_REFUNDS: dict[str, Reason] = {
    "charge_for_pending_refund_disputed": Reason.NOT_REFUNDABLE,
    "declined": Reason.RETURNED,
    "expired_or_canceled_card": Reason.RETURNED,
    "insufficient_funds": Reason.INSUFFICIENT_FUNDS,
    "lost_or_stolen_card": Reason.RETURNED,
    "merchant_request": Reason.VOIDED,
    "unknown": Reason.RETURNED,
}
"""Returned: the bank would not have it, and Stripe has put it back to our balance. The others never
left us. What Stripe says comes along as the code."""

WORDS = {
    "confirm_card_data": Retry.AFTER_CHANGE,
    "do_not_try_again": Retry.NEVER,
    "try_again_later": Retry.LATER,
}
"""Stripe's own `advice_code`."""

_NO_MORE = frozenset({"03", "21"})
"""Advice codes of a network that is not always told: do not try again, and stop."""

_STRICTER = (Retry.FREE, Retry.LATER, Retry.AFTER_CHANGE, Retry.NEVER)


def declined(problem: Problem) -> Declined:
    """What Stripe's error says of a card or of what we asked."""
    code = problem.decline_code or problem.code or problem.type
    known = DECLINES.get(code)
    if problem.type == "invalid_request_error" and (known is None or problem.code in REQUESTS):
        return Declined(_mistake(problem), soft=False, code=code)
    if known is None:
        return Declined(_unmapped(code), soft=False, code=code, advice=_advice(problem, _NEVER))
    reason, retry = known
    advice = _advice(problem, retry)
    return Declined(reason, reason in SOFT and advice.retry is not Retry.NEVER, code, advice)


def failed(reason: str | None, status: str) -> Declined:
    """What became of a refund that came to nothing."""
    if reason is None:
        told = Reason.VOIDED if status == "canceled" else Reason.RETURNED
        return Declined(told, soft=False, code=status)
    return Declined(FAILED_REFUNDS.get(reason) or _unmapped(reason), soft=False, code=reason)


def _mistake(problem: Problem) -> Reason:
    if problem.code == "resource_missing" and problem.param == "payment_method":
        return Reason.UNKNOWN_TOKEN
    return REQUESTS.get(problem.code or "", Reason.INVALID_REQUEST)


def _unmapped(code: str) -> Reason:
    log.warning("psp_decline_unmapped", psp="stripe", code=code[:40])
    return Reason.UNMAPPED


def _advice(problem: Problem, retry: Retry) -> Advice:
    """The strictest of our table, of Stripe's word and of the scheme's rules."""
    card = (problem.payment_method and problem.payment_method.card) or None
    scheme = card and (card.network or card.brand)
    theirs = schemes.advice(
        scheme=scheme,
        scheme_code=problem.network_decline_code,
        advice_code=problem.network_advice_code,
        on=datetime.now(UTC).date(),
    )
    said = [retry, WORDS.get(problem.advice_code or "", Retry.FREE)]
    said += [theirs.retry] if theirs else []
    said += [_NEVER] if problem.network_advice_code in _NO_MORE else []
    strictest = max(said, key=_STRICTER.index)
    after = theirs.after_seconds if theirs and strictest is Retry.LATER else None
    word = problem.network_advice_code or problem.advice_code
    return Advice(strictest, after, scheme, problem.network_decline_code, word)
