"""The sandbox PSP's decline codes, in our words.

Soft: another merchant account may say yes. What is not in the table is hard: it never cascades.
"""

from __future__ import annotations

import structlog

from workflows.domain.psp import Declined

log = structlog.get_logger("paysaga.psp")

SOFT, HARD = True, False

DECLINES: dict[str, tuple[str, bool]] = {
    "05": ("do_not_honor", SOFT),
    "51": ("insufficient_funds", SOFT),
    "14": ("invalid_card", HARD),
    "43": ("stolen_card", HARD),
    "AC04": ("account_closed", HARD),
    "authentication_failed": ("authentication_failed", HARD),
    "cancelled_by_player": ("cancelled_by_player", HARD),
    "capture_refused": ("capture_refused", HARD),
    "not_capturable": ("not_capturable", HARD),
    "not_refundable": ("not_refundable", HARD),
    "not_voidable": ("not_voidable", HARD),
    "method_not_supported": ("method_not_supported", SOFT),
    "refund_failed": ("returned", HARD),
    "reference_voided": ("voided", HARD),
    "unknown_destination": ("unknown_destination", HARD),
    "unknown_token": ("unknown_token", HARD),
}


def declined(code: str) -> Declined:
    """A code of no table is hard, and leaves a line in the log."""
    known = DECLINES.get(code)
    if known is None:
        log.warning("psp_decline_unmapped", psp="sandbox", code=code[:40])
        return Declined("declined", HARD, code)
    reason, soft = known
    return Declined(reason, soft, code)
