"""What a person has in hand, and the words that it may be of a payment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workflows.domain.money import Money


class Word(StrEnum):
    """What a search text can be of a payment."""

    PAYMENT_ID = "payment_id"
    INTENT_ID = "intent_id"
    """Of what came of an intent: its refunds, and the payouts that name it."""
    CAPTURE_ID = "capture_id"
    REFUND_ID = "refund_id"
    PSP_REF = "psp_ref"
    """Whatever a PSP calls it: authorization, capture, refund, payout, dispute."""
    TRACE_ID = "trace_id"
    REFERENCE = "reference"
    """The platform's own."""
    METADATA = "metadata"
    """A value of it."""
    PLAYER_ID = "player_id"


Term = tuple[str, Collection[str]]
"""A value, and the words that it may be."""
_LAST_FOUR, _AMOUNT = "last_four", "amount"


@dataclass(frozen=True, kw_only=True)
class Sought:
    """Every part narrows. One of text, player_id, last_four and amount is needed."""

    brands: Collection[str]
    """Those that the caller may see, `*` for all."""
    text: str | None = None
    """The whole of it: nothing is found by a part."""
    by: Word | None = None
    """None: whatever the text is of a payment."""
    player_id: str | None = None
    last_four: str | None = None
    amount: Money | None = None
    kind: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    cursor: str | None = None
    limit: int = 50

    @property
    def terms(self) -> Sequence[Term]:
        """The rarest first."""
        words = [self.by] if self.by is not None else list(Word)
        amount = f"{self.amount.currency} {self.amount.minor_units}" if self.amount else None
        given: list[tuple[str | None, Collection[str]]] = [
            (self.text, words),
            (self.player_id, [Word.PLAYER_ID]),
            (self.last_four, [_LAST_FOUR]),
            (amount, [_AMOUNT]),
        ]
        return [(value, each) for value, each in given if value is not None]
