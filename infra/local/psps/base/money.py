"""Amounts at the edge of a fake PSP: what it journals are minor units by ISO 4217."""

from __future__ import annotations

from decimal import Decimal

from iso4217 import Currency as Iso4217

EXPONENTS = {c.code: c.exponent for c in Iso4217 if c.exponent is not None}


def minor_units(value: Decimal, currency: str) -> int:
    """ISO minor units of a decimal amount. Raises ValueError where that is not a whole number."""
    scaled = value.scaleb(EXPONENTS[currency])
    if scaled != scaled.to_integral_value():
        raise ValueError(f"too many decimals for {currency}")
    return int(scaled)


def decimal(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-EXPONENTS[currency])


def written(minor: int, currency: str) -> str:
    """As people write it: `1,234.50 EUR`, `50 JPY`."""
    return f"{decimal(minor, currency):,f} {currency}"
