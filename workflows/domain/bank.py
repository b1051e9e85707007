"""Our bank's side: statements that came, and which of their entries are a PSP's payouts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class StatementFile:
    """As it came from the bank; its bytes pass through no history."""

    stored_as: str
    """Its key among the originals."""


@dataclass(frozen=True, kw_only=True)
class StatementTaken:
    state: Literal["taken", "known", "quarantined"]
    """`known`: the same bytes were taken before, and nothing happened."""
    reason: str | None
    """Why nothing of it counts: names a check, never content."""
    applied: int
    """Statements that count since now, with those that waited for this one."""
    waiting: int
    """Of all accounts: one before them is missing."""


@dataclass(frozen=True, kw_only=True)
class BankMatching:
    as_of: str
    """RFC 3339: what was known then is looked at."""


@dataclass(frozen=True, kw_only=True)
class BankMatched:
    matched: int
    """Entries, this time."""
    to_book: int
    """Commands that the ledger does not have yet."""
    breaks: dict[str, int]
    """Open ones by class: `bank_missing`, `bank_unexplained`."""
