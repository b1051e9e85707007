"""Stripe's smallest units, which are not everywhere those of ISO 4217."""

from __future__ import annotations

from decimal import Decimal

from infra.local.psps.base import money
from infra.local.psps.stripe.errors import invalid

ZERO = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
THREE = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
"""To the third decimal in writing, but the last digit must be 0."""
_LARGEST = 999_999_999_999


def read(text: str, param: str = "amount") -> int:
    """A positive whole number of Stripe's units. Raises StripeError."""
    if not (text.isascii() and text.isdecimal()):
        raise invalid(
            f"Invalid integer: {text[:20]}", code="parameter_invalid_integer", param=param
        )
    amount = int(text)
    if amount < 1:
        raise invalid("This value must be at least 1.", code="amount_too_small", param=param)
    if amount > _LARGEST:
        raise invalid("This value is too large.", code="amount_too_large", param=param)
    return amount


def currency(text: str) -> str:
    """In upper case. Raises StripeError."""
    known = text.upper()
    if money.EXPONENTS.get(known, 4) > 3:
        raise invalid(f"Invalid currency: {text[:10]}", param="currency")
    return known


def iso_minor_units(amount: int, currency: str, param: str = "amount") -> int:
    """Raises StripeError for an amount that Stripe does not take in this currency."""
    if currency in THREE and amount % 10:
        raise invalid("Amounts in this currency must be divisible by 10.", param=param)
    try:
        return money.minor_units(Decimal(amount).scaleb(-_decimals(currency)), currency)
    except ValueError:
        # ISK and UGX are written with two decimals that must be 00.
        raise invalid("Amounts in this currency must be divisible by 100.", param=param) from None


def _decimals(currency: str) -> int:
    if currency in ZERO:
        return 0
    return 3 if currency in THREE else 2
