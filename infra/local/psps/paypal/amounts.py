"""PayPal's amounts: decimal strings, in the currencies that PayPal holds."""

from __future__ import annotations

import re
from decimal import Decimal

from infra.local.psps.base.money import EXPONENTS, decimal, minor_units

_HELD = """
AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD
"""
CURRENCIES = frozenset(_HELD.split())
_WHOLE = frozenset(("HUF", "JPY", "TWD"))
"""Without decimals at PayPal, whatever ISO 4217 says of them."""
_VALUE = re.compile(r"-?[0-9]*[.]?[0-9]+")


class WrongAmount(Exception):
    """`issue` is PayPal's word for it."""

    def __init__(self, issue: str) -> None:
        super().__init__(issue)
        self.issue = issue


def read(value: str, currency: str) -> int:
    """A positive amount in ISO minor units. Raises WrongAmount."""
    if currency not in CURRENCIES:
        raise WrongAmount("INVALID_CURRENCY_CODE")
    if len(value) > 32 or _VALUE.fullmatch(value) is None:
        raise WrongAmount("INVALID_PARAMETER_SYNTAX")
    if currency in _WHOLE and "." in value:
        raise WrongAmount("DECIMALS_NOT_SUPPORTED")
    if len(value.partition(".")[2]) > 2:
        raise WrongAmount("DECIMAL_PRECISION")
    minor = minor_units(Decimal(value), currency)
    if minor <= 0:
        raise WrongAmount("CANNOT_BE_ZERO_OR_NEGATIVE")
    return minor


def written(minor: int, currency: str) -> str:
    """ISO minor units as PayPal writes them."""
    exact = decimal(minor, currency)
    return f"{exact:.0f}" if currency in _WHOLE else f"{exact:.2f}"


def fee(minor: int, currency: str, per_mille: int) -> int:
    """In ISO minor units, rounded down to what PayPal can write."""
    step = 10 ** EXPONENTS[currency] if currency in _WHOLE else 1
    return minor * per_mille // 1000 // step * step
