"""Refunds: most come through, some are refused, some are sent back by the scheme or the bank."""

from __future__ import annotations

from infra.local.psps.adyen.models import Modification
from infra.local.psps.adyen.store import Store

_SECONDS = 0.2
_NO_BALANCE = "Insufficient balance on payment"


def give_back(
    store: Store, by: Modification, event: str, additional: dict[str, str] | None = None
) -> None:
    """`event` tells it: REFUND or CANCEL_OR_REFUND."""
    payment = by.payment
    refused = _NO_BALANCE if by.amount > payment.refundable else ""
    if payment.card.refund == "refused":
        refused = "Refund refused by the issuer"
    if refused:
        store.modified("refund", by, refused)
        store.tell(event, by, refused=refused, additional=additional)
        return
    payment.refunded += by.amount
    store.tell(event, by, additional=additional)
    if payment.card.refund == "fails_later":
        store.context.later.do(_SECONDS, lambda: _fail(store, by))
        return
    store.modified("refund", by)
    store.settles("Refunded", by)
    store.refunds.append(by)


def send_back(store: Store, by: Modification) -> None:
    """The shopper's bank returned the money: beside the approved entry stands a declined one."""
    store.refunds.remove(by)
    by.payment.refunded -= by.amount
    store.modified("refund", by, "REFUNDED_REVERSED")
    store.settles("RefundedReversed", by)
    store.tell("REFUNDED_REVERSED", by)


def _fail(store: Store, by: Modification) -> None:
    by.payment.refunded -= by.amount
    store.modified("refund", by, "REFUND_FAILED")
    store.tell("REFUND_FAILED", by)
