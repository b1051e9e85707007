"""What a bank's statement says, whatever format it came in, and whether it adds up."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from workflows.domain.card_data import has_card_data
from workflows.domain.money import MoneyError, exponent

_DECIMAL = re.compile(r"([0-9]{1,14})(?:[.,]([0-9]{0,8}))?")
_REFERENCE_LENGTH = 1000


class StatementBroken(Exception):
    """Nothing of the file counts. The message names the check, and the place where it can: never
    content, which has account numbers and names."""


class BankEntry(NamedTuple):
    """Money that was booked. Minor units: above zero it came in."""

    amount_minor: int
    booked_on: date
    value_on: date | None
    reference: str
    """All that the payer wrote, as the bank shows it."""


@dataclass(frozen=True, kw_only=True)
class BankStatement:
    """One account, one currency, one span of time. Minor units, signed."""

    account_number: str
    """As the bank writes it: an IBAN or its own. Never logged and never in a table."""
    number: str
    """The bank's own: it may be sent again under another one."""
    sequence: tuple[int, ...]
    """The same in figures with its page, where the bank counts."""
    currency: str
    ends: date
    opening: int
    closing: int
    entries: tuple[BankEntry, ...]

    @property
    def adds_up(self) -> bool:
        return self.opening + sum(entry.amount_minor for entry in self.entries) == self.closing

    @property
    def content(self) -> str:
        """A digest of all that counts, in hexadecimal: another sending has the same."""
        counted = (self.currency, self.sequence, self.ends.isoformat(), self.opening, self.closing)
        entries = [(e.amount_minor, e.booked_on.isoformat(), e.reference) for e in self.entries]
        return hashlib.sha256(repr((counted, entries)).encode()).hexdigest()


def minor_units(text: str, currency: str) -> int:
    """Of an unsigned decimal, which may end in more zeros than the currency has places.

    Raises StatementBroken.
    """
    found = _DECIMAL.fullmatch(text)
    try:
        places = exponent(currency)
    except MoneyError:
        raise StatementBroken("a currency that there is not") from None
    fraction = (found[2] or "").ljust(places, "0") if found else ""
    if found is None or fraction[places:].strip("0"):
        raise StatementBroken("an amount that is none of its currency")
    return int(found[1] + fraction[:places])


def reference_of(parts: list[str]) -> str:
    """One line, bounded; account and card numbers are left out."""
    words = " ".join(parts)[: 4 * _REFERENCE_LENGTH].split()
    if has_card_data(" ".join(words)):
        words = [word for word in words if not has_card_data(word)]
    line = " ".join(words)[:_REFERENCE_LENGTH]
    return "" if has_card_data(line) else line
