"""What a body says: the member with its type, or PayPal's refusal of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.lookalikes.paypal import amounts, errors
from infra.lookalikes.paypal.amounts import WrongAmount

_BAD_REQUESTS = ("INVALID_PARAMETER_SYNTAX",)


def text(
    body: Mapping[str, Any], name: str, texts: Mapping[str, str], *, at: str = "", most: int = 127
) -> str:
    """Empty where it is absent. Raises PayPalError."""
    told = body.get(name, "")
    if not isinstance(told, str):
        raise errors.invalid("INVALID_PARAMETER_SYNTAX", texts, f"{at}/{name}")
    if len(told) > most or (name in body and not told):
        raise errors.invalid("INVALID_STRING_LENGTH", texts, f"{at}/{name}")
    return told


def part(
    body: Mapping[str, Any], name: str, texts: Mapping[str, str], *, at: str = ""
) -> dict[str, Any]:
    """Without members where it is absent. Raises PayPalError."""
    told = body.get(name, {})
    if not isinstance(told, dict):
        raise errors.invalid("INVALID_PARAMETER_SYNTAX", texts, f"{at}/{name}")
    return told


def money(
    body: Mapping[str, Any], name: str, texts: Mapping[str, str], *, at: str = ""
) -> tuple[int, str]:
    """ISO minor units and the currency. Raises PayPalError."""
    told = part(body, name, texts, at=at)
    for member in ("currency_code", "value"):
        if member not in told:
            raise errors.invalid("MISSING_REQUIRED_PARAMETER", texts, f"{at}/{name}/{member}")
    currency = text(told, "currency_code", texts, at=f"{at}/{name}")
    value = text(told, "value", texts, at=f"{at}/{name}")
    try:
        return amounts.read(value, currency), currency
    except WrongAmount as wrong:
        if wrong.issue in _BAD_REQUESTS:
            raise errors.invalid(wrong.issue, texts, f"{at}/{name}/value") from None
        # Checkout has one issue for both.
        issue = wrong.issue if wrong.issue in texts else "DECIMAL_PRECISION"
        raise errors.refused(issue, texts) from None
