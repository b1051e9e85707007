"""Disputes, as far as they move money of ours.

What a dispute takes is told by the reversal or the refund of the capture, with an id of its own: a
dispute that is opened, changed or lost says nothing beyond it. What comes back to us when it is
over is told by the dispute alone.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from workflows.domain.events import PspEvent
from workflows.domain.money import Money
from workflows.domain.psp import Approved, Operation

from .heard import Webhook
from .messages import AmountMessage
from .reading import IdIfAny, Message, Text
from .references import authorization_in, is_somebody_elses


class DisputedTransaction(Message):
    """Of the Disputes API 1.10, by the seller's side of it."""

    seller_transaction_id: IdIfAny = None
    """Of the capture."""
    invoice_number: Text | None = None
    custom: Text | None = None


class MoneyMovement(Message):
    """SELLER and CREDIT is what comes back to us; all else has come by other events."""

    affected_party: Text = ""
    type: Text = ""
    amount: AmountMessage


class Dispute(Message):
    """Read when it is resolved. One dispute may be about several captures."""

    dispute_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9\-]{1,255}$")]
    disputed_transactions: Annotated[tuple[DisputedTransaction, ...], Field(strict=False)] = ()
    money_movements: Annotated[tuple[MoneyMovement, ...], Field(strict=False)] = ()

    @property
    def came_back(self) -> Money | None:
        """To us; None where nothing did, or where PayPal does not tell. Raises InDoubt."""
        given = [
            each.amount.money
            for each in self.money_movements
            if (each.affected_party, each.type) == ("SELLER", "CREDIT")
        ]
        if not given or len({each.currency for each in given}) != 1:
            return None
        return Money(sum(each.minor_units for each in given), given[0].currency)


def resolved(webhook: Webhook) -> PspEvent | None:
    """A chargeback that came back. None: nothing came back, or it is another shop's."""
    dispute = webhook.resource(Dispute)
    amount, disputed = dispute.came_back, dispute.disputed_transactions
    about = [each.seller_transaction_id for each in disputed if each.seller_transaction_id]
    if amount is None or amount.is_zero or not about:
        return None
    key = next(filter(None, (authorization_in(each.custom) for each in disputed)), "")
    references = [name for each in disputed for name in (each.custom, each.invoice_number)]
    if not key and is_somebody_elses(*references):
        return None
    done = Approved(dispute.dispute_id, amount)
    return webhook.unasked(key, Operation.CHARGEBACK_REVERSED, done, about)
