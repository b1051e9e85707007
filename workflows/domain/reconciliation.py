"""Reconciliation: how much of our books the PSP's lines confirm, and what they do not.

Money is signed minor units from our side: above zero the PSP owes us more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .psp import MerchantAccount
from .routing.accounts import Cost


@dataclass(frozen=True, kw_only=True)
class Matching:
    """One run over one merchant account, as of a moment."""

    account: MerchantAccount
    as_of: str
    """RFC 3339. What came to be known after it does not count."""
    zone: str = "UTC"
    """IANA name of the zone in which the account's days begin."""
    contract: tuple[Cost, ...] = ()
    """What the PSP may take of a capture, by currency; of a currency without one no fee is held
    against it."""
    fee_tolerance_minor: int = 1
    """A fee drifts when it is off by more than this,"""
    fee_tolerance_millionths: int = 0
    """and this share of the amount besides."""
    flagged_above_millionths: int = 100
    """A day of which a greater share disagrees, by count or by money, is flagged: 100 is 0.01 %."""


@dataclass(frozen=True, kw_only=True)
class DayOfAccount:
    """One day and currency of the account, with all that was ever found of it."""

    day: str
    currency: str
    matched: int
    matched_minor: int
    """Without signs: the money that moved."""
    broken: int
    """Open breaks, those that may still come by themselves left out."""
    broken_minor: int
    """By how much they differ, without signs."""
    count_millionths: int
    """Share of the breaks in all items, rounded up."""
    money_millionths: int
    """Share of what differs in all money, rounded up."""


@dataclass(frozen=True, kw_only=True)
class Charged:
    """What the PSP kept of the captures in the new lines, but for those that it converted."""

    currency: str
    captures: int
    gross_minor: int
    fee_minor: int
    """Signed: below zero it was kept."""


@dataclass(frozen=True, kw_only=True)
class Matched:
    """What one run found. Small: lines and breaks are in the database."""

    repeated: bool
    """A run as of this moment, or a later one, was made before: what the last one up to this
    moment found, and nothing was done."""
    lines: int = 0
    """New lines of payments."""
    matched: int = 0
    completions: int = 0
    """New lines of instructions whose outcome we do not know."""
    to_pass_on: int = 0
    """Those and older ones of which the payments' runs have not heard."""
    waiting: int = 0
    """Movements of ours whose delay is not over."""
    opened: int = 0
    closed: int = 0
    breaks: Mapping[str, int]
    """Open ones by class."""
    days: tuple[DayOfAccount, ...] = ()
    """Those to which the run added something, or which have open breaks."""
    flagged: tuple[DayOfAccount, ...] = ()
    charged: tuple[Charged, ...] = ()
    """By currency: the true costs of the account."""


@dataclass(frozen=True, kw_only=True)
class HouseCommand:
    """One transfer between the house's own accounts that a file gives rise to."""

    key: str
    kind: str
    """`settlement`, `fee`, `fx`, `reserve`, `carried` or `suspense`."""
    psp: str
    account: str
    batch: str
    """Empty where the report names none."""
    currency: str
    amount_minor: int
    """What it changes in what the PSP owes us."""
    counter_currency: str | None
    """Of a conversion: the other currency, and what changes there."""
    counter_minor: int | None


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A line that says what became of an instruction whose outcome we do not know."""

    file_id: int
    place: int
    payment_id: str
    key: str
    """Of the instruction."""
    operation: str
    movement: str
    currency: str
    amount_minor: int
    psp_ref: str | None
    booked_at: str
