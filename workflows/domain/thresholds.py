"""Bounds of amounts by currency, in units: `{"EUR": 1000, "default": 500}`.

`default` is in whichever currency it is. Without a bound nothing is above or below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from .money import Money, exponent

Bounds = Mapping[str, Decimal]


def is_above(amount: Money, bounds: Bounds) -> bool:
    bound = _minor_units(amount.currency, bounds)
    return bound is not None and amount.minor_units > bound


def is_below(amount: Money, bounds: Bounds) -> bool:
    bound = _minor_units(amount.currency, bounds)
    return bound is not None and amount.minor_units < bound


def _minor_units(currency: str, bounds: Bounds) -> Decimal | None:
    bound = bounds.get(currency, bounds.get("default"))
    return None if bound is None else bound.scaleb(exponent(currency))
