"""What is known of a payment when it is routed. The same facts give the same decision."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from workflows.domain.identity import Kind
from workflows.domain.money import Money


class ThreeDs(StrEnum):
    """What came of 3-D Secure so far."""

    NOT_DONE = "not_done"
    ATTEMPTED = "attempted"
    AUTHENTICATED = "authenticated"
    FAILED = "failed"


class CardType(StrEnum):
    CREDIT = "credit"
    DEBIT = "debit"
    PREPAID = "prepaid"
    CHARGE = "charge"


class Weekday(StrEnum):
    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


@dataclass(frozen=True, kw_only=True)
class RoutingFacts:
    """None is "not known": no comparison with it holds, only its negation does.

    Raises ValueError for a BIN that is not 6 to 8 digits (the text is not repeated: it may be a
    card number), an hour outside 0 to 23, and a kind that is not routed by rules.
    """

    payment_id: str
    player_id: str
    kind: Kind
    brand: str
    region: str
    method: str
    amount: Money
    player_country: str | None = None
    card_country: str | None = None
    bin: str | None = None
    card_type: CardType | None = None
    scheme: str | None = None
    segment: str | None = None
    risk_band: str | None = None
    weekday: Weekday | None = None
    """The player's, as given: nothing here looks at a clock."""
    hour: int | None = None
    """0 to 23, the player's local time."""
    three_ds: ThreeDs = ThreeDs.NOT_DONE

    def __post_init__(self) -> None:
        if self.kind not in (Kind.DEPOSIT, Kind.PAYOUT):
            raise ValueError("rules route deposits and payouts; a refund goes where the money came")
        if self.bin is not None and re.fullmatch(r"[0-9]{6,8}", self.bin, re.ASCII) is None:
            raise ValueError("a BIN is 6 to 8 digits")
        if self.hour is not None and not 0 <= self.hour <= 23:
            raise ValueError("an hour is between 0 and 23")

    @property
    def currency(self) -> str:
        return self.amount.currency
