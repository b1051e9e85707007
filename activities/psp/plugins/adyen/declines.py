"""Adyen's refusals, in our words.

Source: docs.adyen.com/development-resources/refusal-reasons, read on 2026-11-24. An answer names a
refusal by number, a webhook by the text beside it; we keep the number, where the table has one.
Soft: another merchant account may say yes. What is not in the table is hard: it never cascades.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from activities.psp import schemes
from infra.card_data import has_card_data
from workflows.domain.declines import Advice, Reason, Retry
from workflows.domain.psp import Declined

from .authentication import scheme_of

log = structlog.get_logger("paysaga.psp")

SOFT, HARD = True, False

REFUSALS: dict[str, tuple[str, Reason, bool]] = {
    "2": ("Refused", Reason.DO_NOT_HONOR, SOFT),
    "3": ("Referral", Reason.DO_NOT_HONOR, SOFT),
    "4": ("Acquirer Error", Reason.PROCESSING_ERROR, SOFT),
    "5": ("Blocked Card", Reason.RESTRICTED_CARD, HARD),
    "6": ("Expired Card", Reason.EXPIRED_CARD, HARD),
    "7": ("Invalid Amount", Reason.INVALID_REQUEST, HARD),
    "8": ("Invalid Card Number", Reason.INVALID_CARD, HARD),
    "9": ("Issuer Unavailable", Reason.ISSUER_UNAVAILABLE, SOFT),
    "10": ("Not supported", Reason.CARD_NOT_SUPPORTED, SOFT),
    "11": ("3D Not Authenticated", Reason.AUTHENTICATION_FAILED, HARD),
    "12": ("Not enough balance", Reason.INSUFFICIENT_FUNDS, SOFT),
    "14": ("Acquirer Fraud", Reason.FRAUD, HARD),
    "15": ("Cancelled", Reason.CANCELLED_BY_PLAYER, HARD),
    "16": ("Shopper Cancelled", Reason.CANCELLED_BY_PLAYER, HARD),
    "17": ("Invalid Pin", Reason.INVALID_PIN, HARD),
    "18": ("Pin tries exceeded", Reason.INVALID_PIN, HARD),
    "19": ("Pin validation not possible", Reason.INVALID_PIN, HARD),
    "20": ("FRAUD", Reason.FRAUD, HARD),
    "21": ("Not Submitted", Reason.INVALID_REQUEST, HARD),
    "22": ("FRAUD-CANCELLED", Reason.FRAUD, HARD),
    "23": ("Transaction Not Permitted", Reason.NOT_PERMITTED, HARD),
    "24": ("CVC Declined", Reason.INVALID_CVV, HARD),
    "25": ("Restricted Card", Reason.RESTRICTED_CARD, HARD),
    "26": ("Revocation Of Auth", Reason.REVOKED, HARD),
    "27": ("Declined Non Generic", Reason.DO_NOT_HONOR, SOFT),
    "28": ("Withdrawal amount exceeded", Reason.LIMIT_EXCEEDED, SOFT),
    "29": ("Withdrawal count exceeded", Reason.LIMIT_EXCEEDED, SOFT),
    "31": ("Issuer Suspected Fraud", Reason.FRAUD, HARD),
    "32": ("AVS Declined", Reason.INVALID_ADDRESS, HARD),
    "33": ("Card requires online pin", Reason.CARD_NOT_SUPPORTED, HARD),
    "34": ("No checking account available on Card", Reason.CARD_NOT_SUPPORTED, HARD),
    "35": ("No savings account available on Card", Reason.CARD_NOT_SUPPORTED, HARD),
    "36": ("Mobile pin required", Reason.CARD_NOT_SUPPORTED, HARD),
    "37": ("Contactless fallback", Reason.CARD_NOT_SUPPORTED, HARD),
    "38": ("Authentication required", Reason.AUTHENTICATION_REQUIRED, SOFT),
    "39": ("RReq not received from DS", Reason.AUTHENTICATION_FAILED, HARD),
    "40": ("Current AID is in Penalty Box", Reason.CARD_NOT_SUPPORTED, HARD),
    "41": ("CVM Required Restart Payment", Reason.CARD_NOT_SUPPORTED, HARD),
    "42": ("3DS Authentication Error", Reason.AUTHENTICATION_FAILED, HARD),
    "43": ("Online PIN required", Reason.CARD_NOT_SUPPORTED, HARD),
    "44": ("Try another interface", Reason.CARD_NOT_SUPPORTED, HARD),
    "45": ("Chip downgrade mode", Reason.CARD_NOT_SUPPORTED, HARD),
    "46": (
        "Transaction blocked by Adyen to prevent excessive retry fees",
        Reason.BLOCKED,
        HARD,
    ),
}
_BY_TEXT = {text.casefold(): code for code, (text, _, _) in REFUSALS.items()}

_NUMBERED = re.compile(r"\s*([0-9A-Za-z]{1,2})\s*(?::|$)")
"""How Adyen writes the codes of others: `51 : Insufficient funds`, with or without a zero."""
_SPEAKABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,:_/()'\-]{0,79}", re.ASCII)


def refused(
    code: str | None, text: str | None, additional: Mapping[str, Any], brand: str | None
) -> Declined:
    """What a refusal means, with what the issuer and its scheme said about trying again."""
    number = code if code in REFUSALS else _BY_TEXT.get((text or "").strip(" .").casefold())
    told = number or spoken(code) or spoken(text) or "none"
    if number is None:
        _not_mapped(told)
        reason, soft = Reason.UNMAPPED, HARD
    else:
        _, reason, soft = REFUSALS[number]
    advice = advice_of(additional, brand)
    never = advice is not None and advice.retry is Retry.NEVER
    return Declined(reason, soft and not never, told, advice)


def failed(reason: Reason, event: str, text: str | None) -> Declined:
    """Of a modification or a payout: Adyen tells a sentence and no code."""
    return Declined(reason, HARD, spoken(text) or event)


def advice_of(additional: Mapping[str, Any], brand: str | None) -> Advice | None:
    issuer = _code(additional.get("refusalCodeRaw")) or _code(additional.get("refusalReasonRaw"))
    merchant_advice = _code(additional.get("merchantAdviceCode"))
    scheme = scheme_of(additional, brand)
    if scheme is None and merchant_advice is not None:
        # Adyen passes on this code of Mastercard's alone.
        scheme = "mastercard"
    return schemes.advice(
        scheme=scheme,
        scheme_code=issuer,
        advice_code=merchant_advice,
        on=datetime.now(UTC).date(),
    )


def spoken(text: str | None) -> str | None:
    """A code or a sentence of Adyen's that may be kept; None for anything that may hold more."""
    if text is None or not _SPEAKABLE.fullmatch(text) or has_card_data(text):
        return None
    return text


def _code(text: object) -> str | None:
    found = _NUMBERED.match(text) if isinstance(text, str) else None
    return found.group(1).upper().zfill(2) if found else None


def _not_mapped(code: str) -> None:
    log.warning("psp_decline_unmapped", psp="adyen", code=code[:40])


# --- requests that Adyen does not take ---------------------------------------------------------

FAULTS: dict[str, Reason] = {
    "100": Reason.INVALID_REQUEST,
    "101": Reason.INVALID_CARD,
    "102": Reason.CARD_NOT_SUPPORTED,
    "103": Reason.INVALID_CVV,
    "104": Reason.INVALID_ADDRESS,
    "105": Reason.AUTHENTICATION_FAILED,
    "107": Reason.NOT_PERMITTED,
    "129": Reason.EXPIRED_CARD,
    "130": Reason.INVALID_REQUEST,
    "137": Reason.INVALID_REQUEST,
    "138": Reason.CURRENCY_NOT_SUPPORTED,
    "139": Reason.INVALID_REQUEST,
    "140": Reason.INVALID_CARD,
    "141": Reason.INVALID_CARD,
    "167": Reason.INVALID_REQUEST,
    "177": Reason.INVALID_REQUEST,
    "178": Reason.INVALID_REQUEST,
    "800": Reason.UNKNOWN_TOKEN,
    "802": Reason.UNKNOWN_TOKEN,
    "803": Reason.UNKNOWN_TOKEN,
    "805": Reason.UNKNOWN_TOKEN,
    "901": Reason.INVALID_REQUEST,
    "902": Reason.INVALID_REQUEST,
    "905": Reason.CARD_NOT_SUPPORTED,
}
"""`errorCode` of an answer 400 or 422: nothing was executed. Source:
docs.adyen.com/development-resources/error-codes, read on 2026-11-24."""


def not_taken(code: str) -> Declined:
    """A request that Adyen refused to execute. Hard: it would refuse it again."""
    told = spoken(code) or "none"
    reason = FAULTS.get(code)
    if reason is None:
        _not_mapped(told)
    return Declined(reason or Reason.UNMAPPED, HARD, told)
