"""What a body says: the member with its type, or PayPal's refusal of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.local.psps.paypal import amounts, errors
from infra.local.psps.paypal.amounts import WrongAmount

_BAD_REQUESTS = ("INVALID_PARAMETER_SYNTAX",)


def text(
    body: Mapping[str, Any], name: str, texts: Mapping[str, str], *, at: str = "", most: int = 127
) -> str:
    """Empty where it is absent. Raises PayPalError."""
    value = body.get(name, "")
    if not isinstance(value, str):
        raise errors.invalid("INVALID_PARAMETER_SYNTAX", texts, f"{at}/{name}")
    if len(value) > most or (name in body and not value):
        raise errors.invalid("INVALID_STRING_LENGTH", texts, f"{at}/{name}")
    return value


def part(
    body: Mapping[str, Any], name: str, texts: Mapping[str, str], *, at: str = ""
) -> dict[str, Any]:
    """Without members where it is absent. Raises PayPalError."""
    value = body.get(name, {})
    if not isinstance(value, dict):
        raise errors.invalid("INVALID_PARAMETER_SYNTAX", texts, f"{at}/{name}")
    return value


def money(
    body: Mapping[str, Any], name: str, texts: Mapping[str, str], *, at: str = ""
) -> tuple[int, str]:
    """ISO minor units and the currency. Raises PayPalError."""
    amount = part(body, name, texts, at=at)
    for member in ("currency_code", "value"):
        if member not in amount:
            raise errors.invalid("MISSING_REQUIRED_PARAMETER", texts, f"{at}/{name}/{member}")
    currency = text(amount, "currency_code", texts, at=f"{at}/{name}")
    value = text(amount, "value", texts, at=f"{at}/{name}")
    try:
        return amounts.read(value, currency), currency
    except WrongAmount as wrong:
        if wrong.issue in _BAD_REQUESTS:
            raise errors.invalid(wrong.issue, texts, f"{at}/{name}/value") from None
        # Checkout has one issue for both.
        issue = wrong.issue if wrong.issue in texts else "DECIMAL_PRECISION"
        raise errors.refused(issue, texts) from None
