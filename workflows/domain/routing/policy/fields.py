"""The facts that a rule may speak of, and what each can be compared with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workflows.domain.routing.facts import CardType, ThreeDs, Weekday


class Field(StrEnum):
    """Named as in `RoutingFacts`."""

    KIND = "kind"
    BRAND = "brand"
    REGION = "region"
    METHOD = "method"
    AMOUNT = "amount"
    CURRENCY = "currency"
    PLAYER_COUNTRY = "player_country"
    CARD_COUNTRY = "card_country"
    BIN = "bin"
    CARD_TYPE = "card_type"
    SCHEME = "scheme"
    SEGMENT = "segment"
    RISK_BAND = "risk_band"
    WEEKDAY = "weekday"
    HOUR = "hour"
    THREE_DS = "three_ds"


class Shape(StrEnum):
    WORD = "word"
    CURRENCY = "currency"
    MONEY = "money"
    BIN = "BIN"
    NUMBER = "number"


@dataclass(frozen=True)
class FieldType:
    shape: Shape
    allowed: str
    """A sentence's end: "DE is allowed, …"."""
    pattern: str = r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}"
    words: tuple[str, ...] = ()
    """Every value there is; empty where the list is open."""
    may_be_unknown: bool = True


_NAME = "a name of letters, digits and _ . : -, at most 64"
_COUNTRY = FieldType(Shape.WORD, "an ISO 3166 country code such as DE", "[A-Z]{2}")


def _of(words: type[StrEnum], *, may_be_unknown: bool = True) -> FieldType:
    return _listed(tuple(word.value for word in words), may_be_unknown)


def _listed(words: tuple[str, ...], may_be_unknown: bool) -> FieldType:
    listed = "one of " + ", ".join(words)
    return FieldType(Shape.WORD, listed, words=words, may_be_unknown=may_be_unknown)


TYPES: dict[Field, FieldType] = {
    Field.KIND: _listed(("deposit", "payout"), may_be_unknown=False),
    Field.BRAND: FieldType(Shape.WORD, _NAME, may_be_unknown=False),
    Field.REGION: FieldType(Shape.WORD, _NAME, may_be_unknown=False),
    Field.METHOD: FieldType(Shape.WORD, _NAME, may_be_unknown=False),
    Field.AMOUNT: FieldType(
        Shape.MONEY,
        'an amount such as {"amount": "50.00", "currency": "EUR"}',
        may_be_unknown=False,
    ),
    Field.CURRENCY: FieldType(
        Shape.CURRENCY, "an ISO 4217 currency in use, such as EUR", "[A-Z]{3}", may_be_unknown=False
    ),
    Field.PLAYER_COUNTRY: _COUNTRY,
    Field.CARD_COUNTRY: _COUNTRY,
    Field.BIN: FieldType(Shape.BIN, "the first digits of a card, 6 to 8 of them", "[0-9]{6,8}"),
    Field.CARD_TYPE: _of(CardType),
    Field.SCHEME: FieldType(Shape.WORD, _NAME),
    Field.SEGMENT: FieldType(Shape.WORD, _NAME),
    Field.RISK_BAND: FieldType(Shape.WORD, _NAME),
    Field.WEEKDAY: _of(Weekday),
    Field.HOUR: FieldType(Shape.NUMBER, "a whole hour from 0 to 23"),
    Field.THREE_DS: _of(ThreeDs, may_be_unknown=False),
}
