"""Money as callers write it: `{"amount": "50.00", "currency": "EUR"}`."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from api.http.bodies import Body, Number
from api.http.named import Named
from workflows.domain.money import CURRENCIES, MAX_MINOR_UNITS, Money, MoneyError, exponent

_PLAIN = (
    'amount must be a plain decimal such as "50.00": at most 32 digits and a point, '
    "no sign, no exponent"
)


def _text_of(value: Any) -> Any:
    """A JSON number counts when it is exact: 50.0 is 50, in yen too."""
    if not isinstance(value, Number):
        return value
    if len(value.text) > 32 or "e" in value.text.lower():
        raise PydanticCustomError("amount", _PLAIN)
    whole, _, fraction = value.text.partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


DecimalText = Annotated[
    str,
    BeforeValidator(_text_of),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^(0|[1-9][0-9]{0,15})(\.[0-9]{1,4})?$"},
                # Between these nobody writes a number with an exponent, which is refused.
                {"type": "number", "minimum": 0.0001, "maximum": MAX_MINOR_UNITS},
            ],
            "description": "A plain decimal with at most the currency's places; above zero.",
            "examples": ["50.00"],
        }
    ),
]
Currency = Annotated[
    str,
    Field(description="ISO 4217, upper case"),
    StringConstraints(max_length=3),
    Named("Currency", CURRENCIES),
]


def currency_of(code: str) -> str:
    """Raises PydanticCustomError saying what is allowed."""
    try:
        exponent(code)
    except MoneyError as wrong:
        raise PydanticCustomError("currency", str(wrong)) from None
    return code


def money_of(text: str, currency: str) -> Money:
    """More than nothing. Raises PydanticCustomError saying what is allowed."""
    try:
        money = Money.parse(text, currency)
    except MoneyError as wrong:
        raise PydanticCustomError("amount", str(wrong)) from None
    if money.is_zero:
        raise PydanticCustomError("amount", "amount must be above zero")
    return money


class AmountIn(Body):
    currency: Currency
    amount: DecimalText

    _check_currency = field_validator("currency")(currency_of)

    @field_validator("amount")
    @classmethod
    def _canonical(cls, text: str, info: ValidationInfo) -> str:
        currency = info.data.get("currency")
        return money_of(text, currency).amount if currency else text

    @property
    def money(self) -> Money:
        """In minor units of the currency; the validators have seen that it can be."""
        return Money.parse(self.amount, self.currency)


class AmountOut(BaseModel):
    """Decimal string with exactly the currency's places."""

    amount: str = Field(examples=["50.00"])
    currency: str = Field(examples=["EUR"])

    @classmethod
    def of(cls, money: Money) -> AmountOut:
        """And back: `Money.parse(view.amount, view.currency)` is the same money."""
        return cls(amount=money.amount, currency=money.currency)

    @classmethod
    def of_minor(cls, minor_units: int, currency: str) -> AmountOut:
        """5000 of EUR are `50.00`, of JPY `5000`, of KWD `5.000`."""
        # A balance can be larger than any one payment's `Money`.
        text = f"{Decimal(minor_units).scaleb(-exponent(currency)):f}"
        return cls(amount=text, currency=currency)
