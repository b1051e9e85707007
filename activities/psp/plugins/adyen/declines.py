"""Adyen's refusals, in our words.

Source: docs.adyen.com/development-resources/refusal-reasons, read on 2026-11-24. An answer names a
refusal by number, a webhook by the text beside it; we keep the number, where the table has one.
Soft: another merchant account may say yes. What is not in the table is hard: it never cascades.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import structlog

from activities.psp import schemes
from workflows.domain.card_data import has_card_data
from workflows.domain.declines import Advice, DeclineReason, Retry
from workflows.domain.psp import Declined

from .authentication import scheme_of

log = structlog.get_logger("paysaga.psp")

SOFT, HARD = True, False

REFUSALS: dict[str, tuple[str, DeclineReason, bool]] = {
    "2": ("Refused", DeclineReason.DO_NOT_HONOR, SOFT),
    "3": ("Referral", DeclineReason.DO_NOT_HONOR, SOFT),
    "4": ("Acquirer Error", DeclineReason.PROCESSING_ERROR, SOFT),
    "5": ("Blocked Card", DeclineReason.RESTRICTED_CARD, HARD),
    "6": ("Expired Card", DeclineReason.EXPIRED_CARD, HARD),
    "7": ("Invalid Amount", DeclineReason.INVALID_REQUEST, HARD),
    "8": ("Invalid Card Number", DeclineReason.INVALID_CARD, HARD),
    "9": ("Issuer Unavailable", DeclineReason.ISSUER_UNAVAILABLE, SOFT),
    "10": ("Not supported", DeclineReason.CARD_NOT_SUPPORTED, SOFT),
    "11": ("3D Not Authenticated", DeclineReason.AUTHENTICATION_FAILED, HARD),
    "12": ("Not enough balance", DeclineReason.INSUFFICIENT_FUNDS, SOFT),
    "14": ("Acquirer Fraud", DeclineReason.FRAUD, HARD),
    "15": ("Cancelled", DeclineReason.CANCELLED_BY_PLAYER, HARD),
    "16": ("Shopper Cancelled", DeclineReason.CANCELLED_BY_PLAYER, HARD),
    "17": ("Invalid Pin", DeclineReason.INVALID_PIN, HARD),
    "18": ("Pin tries exceeded", DeclineReason.INVALID_PIN, HARD),
    "19": ("Pin validation not possible", DeclineReason.INVALID_PIN, HARD),
    "20": ("FRAUD", DeclineReason.FRAUD, HARD),
    "21": ("Not Submitted", DeclineReason.INVALID_REQUEST, HARD),
    "22": ("FRAUD-CANCELLED", DeclineReason.FRAUD, HARD),
    "23": ("Transaction Not Permitted", DeclineReason.NOT_PERMITTED, HARD),
    "24": ("CVC Declined", DeclineReason.INVALID_CVV, HARD),
    "25": ("Restricted Card", DeclineReason.RESTRICTED_CARD, HARD),
    "26": ("Revocation Of Auth", DeclineReason.REVOKED, HARD),
    "27": ("Declined Non Generic", DeclineReason.DO_NOT_HONOR, SOFT),
    "28": ("Withdrawal amount exceeded", DeclineReason.LIMIT_EXCEEDED, SOFT),
    "29": ("Withdrawal count exceeded", DeclineReason.LIMIT_EXCEEDED, SOFT),
    "31": ("Issuer Suspected Fraud", DeclineReason.FRAUD, HARD),
    "32": ("AVS Declined", DeclineReason.INVALID_ADDRESS, HARD),
    "33": ("Card requires online pin", DeclineReason.CARD_NOT_SUPPORTED, HARD),
    "34": ("No checking account available on Card", DeclineReason.CARD_NOT_SUPPORTED, HARD),
    "35": ("No savings account available on Card", DeclineReason.CARD_NOT_SUPPORTED, HARD),
    "36": ("Mobile pin required", DeclineReason.CARD_NOT_SUPPORTED, HARD),
    "37": ("Contactless fallback", DeclineReason.CARD_NOT_SUPPORTED, HARD),
    "38": ("Authentication required", DeclineReason.AUTHENTICATION_REQUIRED, SOFT),
    "39": ("RReq not received from DS", DeclineReason.AUTHENTICATION_FAILED, HARD),
    "40": ("Current AID is in Penalty Box", DeclineReason.CARD_NOT_SUPPORTED, HARD),
    "41": ("CVM Required Restart Payment", DeclineReason.CARD_NOT_SUPPORTED, HARD),
    "42": ("3DS Authentication Error", DeclineReason.AUTHENTICATION_FAILED, HARD),
    "43": ("Online PIN required", DeclineReason.CARD_NOT_SUPPORTED, HARD),
    "44": ("Try another interface", DeclineReason.CARD_NOT_SUPPORTED, HARD),
    "45": ("Chip downgrade mode", DeclineReason.CARD_NOT_SUPPORTED, HARD),
    "46": (
        "Transaction blocked by Adyen to prevent excessive retry fees",
        DeclineReason.BLOCKED,
        HARD,
    ),
}
_BY_TEXT = {text.casefold(): code for code, (text, _, _) in REFUSALS.items()}

_NUMBERED = re.compile(r"\s*([0-9A-Za-z]{1,3})\s*(?::|$)")
"""How Adyen writes the codes of others: `51 : Insufficient funds`, with or without a zero."""
_NO_CODE = frozenset({"", "N/A", "AUTHORISED", "APPROVED"})
_SUSPECTED = frozenset({"34", "59"})
"""Suspected fraud, of any scheme: ISO 8583 numbers it so."""
_FRAUD = re.compile(r"fraud", re.IGNORECASE)
_SPEAKABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,:_/()'\-]{0,79}", re.ASCII)


def refused(
    code: str | None, text: str | None, additional: Mapping[str, Any], brand: str | None
) -> Declined:
    """What a refusal means, with what the issuer and its scheme said about trying again."""
    number = code if code in REFUSALS else _BY_TEXT.get((text or "").strip(" .").casefold())
    shown = number or spoken(code) or spoken(text) or "none"
    if number is None:
        not_mapped(shown)
        reason, soft = DeclineReason.UNMAPPED, HARD
    else:
        _, reason, soft = REFUSALS[number]
    if _is_fraud(text, additional):
        reason, soft = DeclineReason.FRAUD, HARD
    unruled = Retry.NEVER if reason is DeclineReason.FRAUD else Retry.FREE
    advice = advice_of(additional, brand, unruled)
    never = advice is not None and advice.retry is Retry.NEVER
    return Declined(reason, soft and not never, shown, advice)


def failed(reason: DeclineReason, event: str, text: str | None) -> Declined:
    """Of a modification or a payout: Adyen tells a sentence and no code."""
    return Declined(reason, HARD, spoken(text) or event)


def advice_of(
    additional: Mapping[str, Any], brand: str | None, unruled: Retry = Retry.FREE
) -> Advice | None:
    """The issuer's code and the advice code as they came, of every scheme; `unruled` where the
    scheme has no rule for them. None where neither was told."""
    issuer = _code(additional.get("refusalCodeRaw")) or _code(additional.get("refusalReasonRaw"))
    merchant_advice = _code(additional.get("merchantAdviceCode"))
    if issuer is None and merchant_advice is None:
        return None
    scheme = scheme_of(additional, brand)
    if scheme is None and merchant_advice is not None:
        # Adyen passes on this code of Mastercard's alone.
        scheme = "mastercard"
    ruled = schemes.advice(
        scheme=scheme,
        scheme_code=_written_out(issuer),
        advice_code=_written_out(merchant_advice),
        on=datetime.now(UTC).date(),
    )
    if ruled is None:
        return Advice(unruled, None, scheme, issuer, merchant_advice)
    return replace(ruled, scheme_code=issuer, advice_code=merchant_advice)


def _is_fraud(text: str | None, additional: Mapping[str, Any]) -> bool:
    """Whoever says so, and however: Adyen's number may be the general one."""
    raw = [additional.get("refusalReasonRaw"), additional.get("refusalCodeRaw")]
    raws = [each for each in raw if isinstance(each, str)]
    coded = any(_written_out(_code(each)) in _SUSPECTED for each in raws)
    return coded or any(_FRAUD.search(each) for each in (*raws, text or ""))


def spoken(text: str | None) -> str | None:
    """A code or a sentence of Adyen's that may be kept; None for anything that may hold more."""
    if text is None or not _SPEAKABLE.fullmatch(text) or has_card_data(text):
        return None
    return text


def _code(text: object) -> str | None:
    """The code before the colon as it came; a text without one as it is."""
    if not isinstance(text, str) or text.strip().upper() in _NO_CODE:
        return None
    found = _NUMBERED.match(text)
    return found.group(1) if found else spoken(text.strip())


def _written_out(code: str | None) -> str | None:
    """As the schemes write it: two characters."""
    return code.upper().zfill(2) if code else None


def not_mapped(code: str) -> None:
    """For whoever keeps the table; `GET /v1/declines` counts it."""
    log.warning("psp_decline_unmapped", psp="adyen", code=code[:40])
