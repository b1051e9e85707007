"""Stripe's smallest units and ours: they are not everywhere those of ISO 4217.

Table of docs.stripe.com/currencies, read in November 2026. What is not in it has two decimals.
"""

from __future__ import annotations

from activities.psp.wire import InDoubt, NeverSent
from workflows.domain.money import Money, MoneyError, exponent


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


ZERO = _codes("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF")
THREE = _codes("BHD JOD KWD OMR TND")
"""With three decimals, of which the last must be 0 in what we ask."""
HUNDREDFOLD = _codes("ISK UGX")
"""Without decimals by ISO 4217, written with two that must be 00."""


def decimals(currency: str) -> int:
    """Stripe's decimal places. Raises MoneyError for a currency that it cannot write."""
    places = 0 if currency in ZERO else 3 if currency in THREE else 2
    iso = exponent(currency)
    if currency in ZERO or currency in HUNDREDFOLD or iso == places:
        return places
    raise MoneyError(f"Stripe has no {currency}")


def asked(money: Money) -> dict[str, str]:
    """The form fields. Raises NeverSent for what Stripe cannot be asked."""
    return {"amount": units(money), "currency": money.currency.lower()}


def units(money: Money) -> str:
    """Stripe's units of an amount. Raises NeverSent for what cannot be written in them."""
    try:
        shift = decimals(money.currency) - exponent(money.currency)
    except MoneyError as error:
        raise NeverSent(str(error)) from None
    made, rest = money.minor_units * 10 ** max(shift, 0), 0
    if shift < 0:
        made, rest = divmod(money.minor_units, 10**-shift)
    if rest or (money.currency in THREE and made % 10):
        raise NeverSent(f"Stripe cannot be asked for so small a part of {money.currency}")
    if made == 0:
        raise NeverSent("Stripe cannot be asked for nothing")
    return str(made)


def money_of(amount: int, currency: str) -> Money:
    """What Stripe's units mean. Raises InDoubt where they are no amount of ours."""
    code = currency.upper()
    try:
        shift = exponent(code) - decimals(code)
        made, rest = amount * 10 ** max(shift, 0), 0
        if shift < 0:
            made, rest = divmod(amount, 10**-shift)
        if rest:
            raise MoneyError("a part of the smallest unit")
        return Money(made, code)
    except MoneyError:
        raise InDoubt("the answer names no amount of a currency of ours") from None
