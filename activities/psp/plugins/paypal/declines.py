"""Declines of PayPal's in our words, with the advice that came along.

What no table has is UNMAPPED: hard, never tried again, and a line in the log.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import structlog

from activities.psp import schemes
from workflows.domain.declines import Advice, DeclineReason, Retry
from workflows.domain.psp import Declined

from .issues import HARD, ISSUES, Meaning
from .messages import Moved, Order, ProcessorResponse
from .processor_codes import PROCESSOR, SUCCESS

log = structlog.get_logger("paysaga.psp")

ADVICE = {
    "01": Retry.AFTER_CHANGE,
    "02": Retry.LATER,
    "03": Retry.NEVER,
    "21": Retry.NEVER,
    "42": Retry.NEVER,
}
"""`payment_advice_code`, where the scheme's own rules say nothing."""

STATUSES: dict[str, Meaning] = {
    "DENIED": (DeclineReason.DO_NOT_HONOR, True),
    "DECLINED": (DeclineReason.CAPTURE_REFUSED, HARD),
    "FAILED": (DeclineReason.CAPTURE_REFUSED, HARD),
    "VOIDED": (DeclineReason.VOIDED, HARD),
    "EXPIRED": (DeclineReason.EXPIRED, HARD),
}
"""Of an authorization or a capture that comes without a code."""

DETAILS: dict[str, Meaning] = {"DECLINED_BY_RISK_FRAUD_FILTERS": (DeclineReason.FRAUD, HARD)}
"""`status_details.reason`, where it says why: younger than the descriptions, in Orders of today."""

REFUND_STATUSES: dict[str, Meaning] = {
    "FAILED": (DeclineReason.NOT_REFUNDABLE, HARD),
    "CANCELLED": (DeclineReason.RETURNED, HARD),
}


def declined(code: str, *tables: dict[str, Meaning], advice: Advice | None = None) -> Declined:
    """By the first of the tables (by default that of the issues) that has the code."""
    for table in tables or (ISSUES,):
        if code in table:
            reason, soft = table[code]
            if reason is DeclineReason.ACCOUNT_MISCONFIGURED:
                # Nothing that a player does: an operator has to see it.
                log.error("psp_account_misconfigured", psp="paypal", code=code[:40])
            return _strict(reason, soft, code, advice)
    log.warning("psp_decline_unmapped", psp="paypal", code=code[:40])
    return _strict(DeclineReason.UNMAPPED, HARD, code, advice)


def declined_payment(moved: Moved, order: Order | None = None) -> Declined:
    """An authorization or a capture that was refused, by the processor's code where one came."""
    response = moved.processor_response
    advice = advice_of(response, _brand(moved, order))
    if moved.status_details.reason in DETAILS:
        return declined(moved.status_details.reason, DETAILS, advice=advice)
    code = response.response_code if response is not None else None
    if code is None or code in SUCCESS:
        return declined(moved.status, STATUSES, advice=advice)
    return declined(code, PROCESSOR, advice=advice)


def advice_of(response: ProcessorResponse | None, brand: str | None) -> Advice | None:
    """What came of the card's own side, as it came, whatever its scheme."""
    if response is None or (
        response.response_code is None and response.payment_advice_code is None
    ):
        return None
    scheme, code = brand.lower() if brand else None, response.payment_advice_code
    # PayPal passes the network's advice on as it is, so the network's own rules come first. The
    # response code is PayPal's spelling: no scheme has a rule for it.
    known = schemes.advice(
        scheme=scheme, scheme_code=None, advice_code=code, on=datetime.now(UTC).date()
    )
    made = known or Advice(ADVICE.get(code or "", Retry.FREE), scheme=scheme, advice_code=code)
    return replace(made, scheme_code=response.response_code)


def _brand(moved: Moved, order: Order | None) -> str | None:
    card = order.payment_source.card if order is not None else None
    if card is not None and card.brand is not None:
        return card.brand
    network = moved.network_transaction_reference
    return network.network if network is not None else None


def _strict(reason: DeclineReason, soft: bool, code: str, advice: Advice | None) -> Declined:
    never = reason is DeclineReason.FRAUD or (advice is not None and advice.retry is Retry.NEVER)
    return Declined(reason, soft and not never, code, advice)
