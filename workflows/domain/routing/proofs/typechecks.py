"""Whether each comparison of a condition makes sense for its field."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflows.domain.money import Money, MoneyError, exponent
from workflows.domain.routing.accounts import Accounts, serves
from workflows.domain.routing.policy.fields import TYPES, FieldType, Shape
from workflows.domain.routing.policy.rules import (
    All,
    AtLeast,
    AtMost,
    Between,
    Comparison,
    Condition,
    Either,
    In,
    Known,
    Not,
    NotIn,
    Prefix,
    Value,
)

from .flaws import Flaw

_ALLOWED: dict[Shape, tuple[type, ...]] = {
    Shape.WORD: (In, NotIn, Known),
    Shape.CURRENCY: (In, NotIn),
    Shape.MONEY: (Between, AtLeast, AtMost),
    Shape.NUMBER: (In, NotIn, Between, AtLeast, AtMost, Known),
    Shape.BIN: (In, NotIn, Prefix, Between, Known),
}
_WORDS: dict[type, str] = {
    In: "in",
    NotIn: "not_in",
    Between: "between",
    AtLeast: "at_least",
    AtMost: "at_most",
    Prefix: "prefix",
    Known: "known",
}


def flaws_of_condition(condition: Condition, place: str, accounts: Accounts) -> Iterator[Flaw]:
    match condition:
        case All() | Either():
            word = "all" if isinstance(condition, All) else "any"
            for number, part in enumerate(condition.conditions):
                yield from flaws_of_condition(part, f"{place}/{word}/{number}", accounts)
        case Not():
            yield from flaws_of_condition(condition.condition, f"{place}/not", accounts)
        case _:
            yield from _comparison(condition, place, accounts)


def _comparison(comparison: Comparison, place: str, accounts: Accounts) -> Iterator[Flaw]:
    kind = TYPES[comparison.field]
    allowed = _ALLOWED[kind.shape]
    at = f"{place}/{_WORDS[type(comparison)]}"
    if not isinstance(comparison, allowed):
        listed = ", ".join(_WORDS[each] for each in allowed)
        yield Flaw(at, "wrong_type", f"{comparison.field} is compared by {listed}")
        return
    before = None
    for number, value in enumerate(_values(comparison)):
        where = f"{at}/{number}" if not isinstance(comparison, AtLeast | AtMost) else at
        before = _flaw_of_value(comparison, value, where, accounts)
        if before is not None:
            yield before
            return
    match comparison:
        case In() | NotIn() | Prefix() if not _values(comparison):
            yield Flaw(at, "empty_list", "at least one value is needed")
        case Between():
            yield from _ends(comparison, at)
        case _:
            return


def _values(comparison: Comparison) -> tuple[Value, ...]:
    match comparison:
        case In() | NotIn():
            return comparison.values
        case Prefix():
            return comparison.prefixes
        case Between():
            return (comparison.low, comparison.high)
        case AtLeast() | AtMost():
            return (comparison.value,)
        case Known():
            return ()


def _flaw_of_value(
    comparison: Comparison, value: Value, place: str, accounts: Accounts
) -> Flaw | None:
    kind = TYPES[comparison.field]
    if kind.shape is Shape.BIN and isinstance(comparison, Prefix | Between):
        if isinstance(value, str) and re.fullmatch("[0-9]{1,8}", value, re.ASCII):
            return None
        return Flaw(place, "wrong_type", "the first digits of a card, 1 to 8 of them")
    if not _is_of(kind, value):
        return Flaw(place, "wrong_type", f"{comparison.field} is {kind.allowed}")
    currency = value.currency if isinstance(value, Money) else value
    if kind.shape in (Shape.MONEY, Shape.CURRENCY) and not _is_served(str(currency), accounts):
        return Flaw(place, "wrong_currency", "a currency that at least one account serves")
    return None


def _is_of(kind: FieldType, value: Value) -> bool:
    match kind.shape:
        case Shape.MONEY:
            return isinstance(value, Money)
        case Shape.NUMBER:
            return type(value) is int and 0 <= value <= 23
        case Shape.CURRENCY:
            return isinstance(value, str) and _is_currency(value)
        case Shape.WORD | Shape.BIN:
            if not isinstance(value, str):
                return False
            if kind.words:
                return value in kind.words
            return re.fullmatch(kind.pattern, value, re.ASCII) is not None


def _is_currency(word: str) -> bool:
    try:
        exponent(word)
    except MoneyError:
        return False
    return True


def _is_served(currency: str, accounts: Accounts) -> bool:
    return any(serves(profile.currencies, currency) for profile in accounts.profiles)


def _ends(comparison: Between, place: str) -> Iterator[Flaw]:
    low, high = comparison.low, comparison.high
    if isinstance(low, Money) and isinstance(high, Money):
        if low.currency != high.currency:
            yield Flaw(place, "wrong_currency", "both ends are of one currency")
        elif low > high:
            yield Flaw(place, "contradiction", "the low end is not above the high end")
    elif isinstance(low, str) and isinstance(high, str):
        if len(low) != len(high):
            yield Flaw(place, "wrong_type", "both ends have as many digits")
        elif low > high:
            yield Flaw(place, "contradiction", "the low end is not above the high end")
    elif isinstance(low, int) and isinstance(high, int) and low > high:
        sentence = "the low end is not above the high end; over midnight, list the hours with in"
        yield Flaw(place, "contradiction", sentence)
