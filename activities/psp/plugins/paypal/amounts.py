"""PayPal writes amounts as decimal strings, with the places that PayPal gives a currency."""

from __future__ import annotations

import re
from decimal import Decimal

from activities.psp.wire import InDoubt, NeverSent
from workflows.domain.money import Money, MoneyError, exponent

PLACES = {"HUF": 0, "TWD": 0}
"""Where PayPal's decimal places are not those of ISO 4217."""

_VALUE = re.compile(r"(-)?([0-9]{1,30})(?:\.([0-9]{1,10}))?", re.ASCII)


def places(currency: str) -> int:
    """Raises MoneyError for what is no currency."""
    return PLACES.get(currency, exponent(currency))


def value_of(money: Money) -> str:
    """Exactly; NeverSent where PayPal has no such fraction: 10.50 HUF."""
    decimals, rest = places(money.currency), exponent(money.currency)
    if money.minor_units % 10 ** (rest - decimals):
        raise NeverSent(f"PayPal takes {money.currency} with {decimals} decimal places only")
    return f"{Decimal(money.minor_units).scaleb(-rest):.{decimals}f}"


def signed(value: str, currency: str) -> tuple[Money, bool]:
    """The amount without its sign, and whether it was negative. Zeros behind the places pass, as
    reports write yen with two. Raises MoneyError."""
    read = _VALUE.fullmatch(value)
    if read is None:
        raise MoneyError("this is no amount of PayPal's")
    sign, whole, fraction = read.groups()
    kept = (fraction or "").rstrip("0")
    text = whole.lstrip("0") or "0"
    return Money.parse(f"{text}.{kept}" if kept else text, currency), sign is not None


def money_of(value: str, currency: str) -> Money:
    """An amount that cannot be negative. Raises InDoubt: the answer makes no sense."""
    try:
        money, negative = signed(value, currency)
    except MoneyError:
        raise InDoubt("the answer has an amount that is none") from None
    if negative and not money.is_zero:
        raise InDoubt("the answer has an amount below zero")
    return money
