"""Amounts as a person reads them: `50.10 EUR`, with the currency's places."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache

from iso4217 import Currency


def amount_of(text: str) -> dict[str, str]:
    """`50.10 EUR` as the API takes it."""
    amount, _, currency = text.partition(" ")
    return {"amount": amount, "currency": currency}


def text_of(amount: Mapping[str, str] | None) -> str:
    """What the API gives, as `50.10 EUR`; `none` when it gives nothing."""
    return f"{amount['amount']} {amount['currency']}" if amount else "none"


def text_of_minor(minor_units: int, currency: str) -> str:
    places = _places(currency)
    return f"{Decimal(minor_units).scaleb(-places):.{places}f} {currency}"


@cache
def _places(currency: str) -> int:
    return Currency(currency).exponent or 0
