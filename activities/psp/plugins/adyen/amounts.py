"""Money at Adyen's edge: minor units, with decimals that for some currencies are Adyen's own.

Source: docs.adyen.com/development-resources/currency-codes, read on 2026-11-24: for these four
"the standard has a different number of decimals", and Adyen's are leading.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from activities.psp.wire import NeverSent
from workflows.domain.money import Money, MoneyError, exponent

DEVIATIONS = {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}
"""Decimals at Adyen where they are not those of ISO 4217 (CLP 0, CVE 2, IDR 2, ISK 0)."""


def decimals(currency: str) -> int:
    """Raises MoneyError for a currency that is none."""
    places = exponent(currency)
    return DEVIATIONS.get(currency, places)


def written(money: Money) -> dict[str, Any]:
    """`{"value": 5000, "currency": "EUR"}`. Raises NeverSent for what Adyen cannot express."""
    shift = decimals(money.currency) - exponent(money.currency)
    if shift >= 0:
        return {"value": money.minor_units * 10**shift, "currency": money.currency}
    value, rest = divmod(money.minor_units, 10**-shift)
    if rest:
        raise NeverSent(f"Adyen knows no fraction of {money.currency}")
    return {"value": value, "currency": money.currency}


def read(value: int, currency: str) -> Money:
    """Adyen's minor units as money. Raises MoneyError for what is none, or no amount of ours."""
    shift = decimals(currency) - exponent(currency)
    if shift <= 0:
        return Money(value * 10**-shift, currency)
    minor_units, rest = divmod(value, 10**shift)
    if rest:
        raise MoneyError(f"{currency} has no such fraction")
    return Money(minor_units, currency)


def read_decimal(text: str, currency: str) -> Decimal:
    """Minor units of ISO 4217 of a decimal in a report, with its sign. Raises MoneyError."""
    try:
        scaled = Decimal(text).scaleb(exponent(currency))
    except InvalidOperation:
        raise MoneyError("the report has an amount that is none") from None
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise MoneyError(f"{currency} has no such fraction")
    return scaled
