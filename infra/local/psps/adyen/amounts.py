"""Adyen's minor units: those of ISO 4217, but for a few currencies."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from infra.local.psps.adyen.errors import invalid
from infra.local.psps.base import money

DECIMALS = {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}
"""Where Adyen's documentation of currency codes differs from ISO 4217."""
_LARGEST = 999_999_999_999


def read(body: dict[str, Any], name: str = "amount") -> tuple[int, str]:
    """The value and the currency of an Amount. Raises AdyenError."""
    amount = body.get(name)
    if not isinstance(amount, dict):
        raise invalid("100", "No amount specified")
    value, currency = amount.get("value"), amount.get("currency")
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _LARGEST:
        raise invalid("137", "Invalid amount specified")
    if not isinstance(currency, str) or money.EXPONENTS.get(currency, 4) > 3:
        raise invalid("138", "Unsupported currency specified")
    if amount.keys() > {"value", "currency"}:
        raise invalid("137", "Invalid amount specified")
    iso_minor_units(value, currency)
    return value, currency


def iso_minor_units(value: int, currency: str) -> int:
    """Raises AdyenError for a fraction of what ISO 4217 has."""
    try:
        return money.minor_units(decimal(value, currency), currency)
    except ValueError:
        raise invalid("137", "Invalid amount specified") from None


def decimal(value: int, currency: str) -> Decimal:
    return Decimal(value).scaleb(-DECIMALS.get(currency, money.EXPONENTS[currency]))
