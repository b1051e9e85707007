"""Declines of PayPal's in our words, with the advice that came along.

What no table has is UNMAPPED: hard, never tried again, and a line in the log.
"""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from activities.psp import schemes
from workflows.domain.declines import Advice, Reason, Retry
from workflows.domain.psp import Declined

from .issues import HARD, ISSUES, Meaning
from .messages import Moved, Order
from .processor_codes import PROCESSOR, SUCCESS

log = structlog.get_logger("paysaga.psp")

ADVICE = {
    "01": Retry.AFTER_CHANGE,
    "02": Retry.LATER,
    "03": Retry.NEVER,
    "21": Retry.NEVER,
}
"""`payment_advice_code`, where the scheme's own rules say nothing."""

STATUSES: dict[str, Meaning] = {
    "DENIED": (Reason.DO_NOT_HONOR, True),
    "DECLINED": (Reason.CAPTURE_REFUSED, HARD),
    "FAILED": (Reason.CAPTURE_REFUSED, HARD),
    "VOIDED": (Reason.VOIDED, HARD),
    "EXPIRED": (Reason.EXPIRED, HARD),
}
"""Of an authorization or a capture that comes without a code."""

DETAILS: dict[str, Meaning] = {"DECLINED_BY_RISK_FRAUD_FILTERS": (Reason.FRAUD, HARD)}
"""`status_details.reason`, where it says why: younger than the descriptions, in Orders of today."""

REFUND_STATUSES: dict[str, Meaning] = {
    "FAILED": (Reason.NOT_REFUNDABLE, HARD),
    "CANCELLED": (Reason.RETURNED, HARD),
}


def declined(code: str, *tables: dict[str, Meaning], advice: Advice | None = None) -> Declined:
    """By the first of the tables (by default that of the issues) that has the code."""
    for table in tables or (ISSUES,):
        if code in table:
            reason, soft = table[code]
            return _strict(reason, soft, code, advice)
    log.warning("psp_decline_unmapped", psp="paypal", code=code[:40])
    return _strict(Reason.UNMAPPED, HARD, code, advice)


def declined_payment(moved: Moved, order: Order | None = None) -> Declined:
    """An authorization or a capture that was refused, by the processor's code where one came."""
    if moved.status_details.reason in DETAILS:
        return declined(moved.status_details.reason, DETAILS)
    told = moved.processor_response
    code = told.response_code if told is not None else None
    if told is None or code is None or code in SUCCESS:
        return declined(moved.status, STATUSES)
    card = order.payment_source.card if order is not None else None
    network = moved.network_transaction_reference
    brand = card.brand if card is not None else None
    if brand is None and network is not None:
        brand = network.network
    return declined(code, PROCESSOR, advice=advice_of(told.payment_advice_code, brand))


def advice_of(code: str | None, brand: str | None) -> Advice | None:
    if code is None:
        return None
    scheme = brand.lower() if brand else None
    # PayPal passes the network's code on as it is, so the network's own rules come first.
    told = schemes.advice(
        scheme=scheme, scheme_code=None, advice_code=code, on=datetime.now(UTC).date()
    )
    if told is not None or code not in ADVICE:
        return told
    return Advice(ADVICE[code], scheme=scheme, advice_code=code)


def _strict(reason: Reason, soft: bool, code: str, advice: Advice | None) -> Declined:
    never = reason is Reason.FRAUD or (advice is not None and advice.retry is Retry.NEVER)
    return Declined(reason, soft and not never, code, advice)
