"""Settlement: the PSP's own report of the money that it moved, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .money import Money
from .psp import MerchantAccount


class Movement(StrEnum):
    CAPTURE = "capture"
    REFUND = "refund"
    PAYOUT = "payout"
    RETURN = "return"
    """A refund or a payout that came back."""
    CHARGEBACK = "chargeback"
    CHARGEBACK_REVERSED = "chargeback_reversed"
    FEE = "fee"
    TRANSFER = "transfer"
    """Between the PSP and our own bank account."""
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class SettlementLine:
    account: MerchantAccount
    line_id: str
    """Unique within the merchant account: the same line told twice is one."""
    movement: Movement
    amount: Money
    """Gross, never negative: `credit` has the direction."""
    credit: bool
    """Whether the line adds to what the PSP owes us."""
    fee: Money | None
    """What the PSP kept for it, in the currency of the line."""
    psp_ref: str | None
    key: str | None
    """Our reference, where the report has it."""
    occurred_at: str
    """RFC 3339, the PSP's clock."""
    raw_type: str


@dataclass(frozen=True, kw_only=True)
class SettlementQuery:
    account: MerchantAccount
    day: str
    """A day in UTC, `2026-11-24`."""
    cursor: str | None = None
    """From the page before; or the name of a report, where the PSP announces one."""


@dataclass(frozen=True, kw_only=True)
class SettlementPage:
    lines: tuple[SettlementLine, ...]
    next_cursor: str | None = None
