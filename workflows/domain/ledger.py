"""The house's own postings: what became of money that PSPs have of ours.

Once for each batch and kind. An amount is signed minor units as in settlement lines: above zero
the PSP (of a bank entry: the bank) owes us that much more, below zero less. So a payout to our bank
and a fee are below zero, and what the PSP takes from our bank is above.

Accounts, one per currency: `psp:<psp>:<account>` (clearing), `in_transit:…`, `fees:…`, `fx:…`,
`reserve:…`, `carried:…` and `suspense:…` of the same merchant account, `bank:<bank account>`. One
below zero is what somebody owes us, or what a fee has cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .money import MAX_MINOR_UNITS, MoneyError, exponent
from .psp import MerchantAccount
from .wallet import Player


class Posting(StrEnum):
    SETTLEMENT = "settlement"
    """Clearing -> in transit: paid out to our bank, or taken from it."""
    FEE = "fee"
    """Clearing -> fees."""
    FX = "fx"
    """Clearing -> fx in one currency, fx -> clearing in another: a conversion. In one currency
    alone it is what rounding left of a batch."""
    RESERVE = "reserve"
    """Clearing -> reserve: kept back; above zero it was released."""
    CARRIED = "carried"
    """Clearing -> carried: settled, and left with the PSP for the next batch; above zero it was
    brought forward."""
    SUSPENSE = "suspense"
    """Clearing -> suspense: moved by a line that nobody can explain, or corrected later."""
    BANK_ENTRY = "bank_entry"
    """In transit -> bank: above zero it came in."""
    RECEIVABLE = "receivable"
    """Clearing -> what a player owes: charged back, and not taken from their balance. What comes
    back is restored (`wallet.Restore`)."""


@dataclass(frozen=True)
class Signed:
    """Minor units from our side, never zero. Raises MoneyError for no currency in use."""

    minor_units: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)
        if type(self.minor_units) is not int or self.minor_units == 0:
            raise MoneyError("a posting moves a whole number of minor units, and not none")
        if abs(self.minor_units) > MAX_MINOR_UNITS * 1000:
            raise MoneyError("an amount of a posting is above any real one")


@dataclass(frozen=True, kw_only=True)
class HousePosting:
    """Unique by its key, as every command of the wallet's."""

    key: str
    """Of no payment, but of a receivable, whose key begins with it."""
    kind: Posting
    account: MerchantAccount
    amount: Signed
    counter: Signed | None = None
    """Of a conversion: what it became in the other currency."""
    bank: str | None = None
    """Of a bank entry: our name of the bank account."""
    player: Player | None = None
    payment_id: str | None = None
    """Of a receivable, with the player."""

    def __post_init__(self) -> None:
        """Raises ValueError for what the kind does not have, or lacks."""
        debt = self.kind is Posting.RECEIVABLE
        if (self.bank is None) == (self.kind is Posting.BANK_ENTRY):
            raise ValueError("a bank entry names its bank account, and nothing else does")
        if (self.player is None) == debt or (self.payment_id is None) == debt:
            raise ValueError("a receivable names its player and payment, and nothing else does")
        if debt and self.amount.minor_units > 0:
            raise ValueError("a receivable is what left: below zero")
        if self.counter is None:
            return
        if self.kind is not Posting.FX or self.counter.currency == self.amount.currency:
            raise ValueError("a conversion alone has two amounts, in two currencies")
