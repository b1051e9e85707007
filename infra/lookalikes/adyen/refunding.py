"""Refunds: most come through, some are refused, some are sent back by the scheme or the bank."""

from __future__ import annotations

from infra.lookalikes.adyen.books import Books
from infra.lookalikes.adyen.things import Modification

_SECONDS = 0.2
_NO_BALANCE = "Insufficient balance on payment"


def give_back(
    books: Books, by: Modification, event: str, data: dict[str, str] | None = None
) -> None:
    """`event` tells it: REFUND or CANCEL_OR_REFUND."""
    payment = by.payment
    refused = _NO_BALANCE if by.amount > payment.refundable else ""
    if payment.card.refund == "refused":
        refused = "Refund refused by the issuer"
    if refused:
        books.modified("refund", by, refused)
        books.tell(event, by, refused=refused, data=data)
        return
    payment.refunded += by.amount
    books.tell(event, by, data=data)
    if payment.card.refund == "fails_later":
        books.ground.later.do(_SECONDS, lambda: _fail(books, by))
        return
    books.modified("refund", by)
    books.settles("Refunded", by)
    books.refunds.append(by)


def send_back(books: Books, by: Modification) -> None:
    """The shopper's bank returned the money: beside the approved entry stands a declined one."""
    books.refunds.remove(by)
    by.payment.refunded -= by.amount
    books.modified("refund", by, "REFUNDED_REVERSED")
    books.settles("RefundedReversed", by)
    books.tell("REFUNDED_REVERSED", by)


def _fail(books: Books, by: Modification) -> None:
    by.payment.refunded -= by.amount
    books.modified("refund", by, "REFUND_FAILED")
    books.tell("REFUND_FAILED", by)
