"""Money: an integer of minor units and an ISO 4217 currency. No float comes near it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from iso4217 import Currency as _Iso4217

MAX_MINOR_UNITS = 10**15
"""Largest amount of one payment, in minor units: far above any real one, far below int64."""

_DECIMAL = re.compile(r"(0|[1-9][0-9]*)(?:\.([0-9]+))?", re.ASCII)
_EXPONENTS: dict[str, int] = {c.code: c.exponent for c in _Iso4217 if c.exponent is not None}
CURRENCIES = tuple(sorted(_EXPONENTS))

_PLAIN = 'amount must be a plain decimal such as "50.00": digits and a point, at most 32, no sign'


class MoneyError(ValueError):
    """The text is not an amount of money; the message says what is allowed."""


def exponent(currency: str) -> int:
    """Decimal places of a currency by ISO 4217 (JPY 0, EUR 2, KWD 3, UYW 4).

    Raises MoneyError for a code that is not an active ISO 4217 currency with minor units.
    """
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise MoneyError(
            "currency must be an upper-case ISO 4217 code of a currency in use, such as EUR or JPY"
        ) from None


@dataclass(frozen=True, order=False)
class Money:
    """An amount, never negative: `Money(5000, "EUR")` is fifty euros."""

    minor_units: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)
        if type(self.minor_units) is not int:
            raise MoneyError("minor units are a whole number")
        if not 0 <= self.minor_units <= MAX_MINOR_UNITS:
            raise MoneyError(f"an amount is between 0 and {MAX_MINOR_UNITS} minor units")

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a plain decimal such as "50.00" exactly. Raises MoneyError with what is allowed."""
        places = exponent(currency)
        found = _DECIMAL.fullmatch(text) if len(text) <= 32 else None
        if found is None:
            raise MoneyError(_PLAIN)
        whole, fraction = found.group(1), found.group(2) or ""
        if len(fraction) > places:
            raise MoneyError(f"{currency} has {places} decimal places; amount has {len(fraction)}")
        minor_units = int(whole + fraction.ljust(places, "0"))
        if minor_units > MAX_MINOR_UNITS:
            raise MoneyError(f"amount is above the maximum of {cls(MAX_MINOR_UNITS, currency)}")
        return cls(minor_units, currency)

    @property
    def amount(self) -> str:
        """The decimal string of exactly the currency's places: "50.00", "50", "50.000"."""
        return f"{Decimal(self.minor_units).scaleb(-exponent(self.currency)):f}"

    @property
    def is_zero(self) -> bool:
        return self.minor_units == 0

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def __add__(self, other: Money) -> Money:
        return Money(self.minor_units + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        """The difference; MoneyError if it would be below zero."""
        return Money(self.minor_units - self._same(other), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor_units < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor_units <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor_units > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor_units >= self._same(other)

    def split(self, parts: int) -> list[Money]:
        """Equal parts whose sum is the whole; the first parts carry the residue."""
        if parts < 1:
            raise MoneyError("money is split into one part or more")
        share, residue = divmod(self.minor_units, parts)
        return [Money(share + (n < residue), self.currency) for n in range(parts)]

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise MoneyError(f"{self.currency} and {other.currency} do not mix")
        return other.minor_units
