"""What a condition holds for, as a union of boxes: one set of values per fact.

Exact for every condition of `rules`, up to a bound on the number of boxes; beyond it, None says
"not worked out", and nobody may conclude anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import TypeVar, cast

from workflows.domain.money import Money
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.policy.fields import TYPES, Field, Shape
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

from .extents import AMOUNTS, ANY_AMOUNT, NO_AMOUNT, Extent, Interval, Monies, Spans, Words

Box = dict[Field, Extent]
"""A field that is not named may have any value. Currency and amount are one: `Field.AMOUNT`."""

MOST_BOXES = 512
HOURS: Interval = (0, 23)
BINS: Interval = (0, 10**6 + 10**7 + 10**8 - 1)
_OFFSETS = {6: 0, 7: 10**6, 8: 10**6 + 10**7}
"""BINs of 6, 7 and 8 digits, one after the other on one line."""

E = TypeVar("E", Words, Spans, Monies)


def boxes_of(condition: Condition, *, holds: bool = True) -> list[Box] | None:
    """Empty: the condition never holds. With `holds=False`, of the opposite."""
    match condition:
        case Not():
            return boxes_of(condition.condition, holds=not holds)
        case All() | Either():
            parts = [boxes_of(part, holds=holds) for part in condition.conditions]
            return _and(parts) if isinstance(condition, All) == holds else _or(parts)
        case _:
            field = _axis(condition.field)
            extent = extent_of(condition)
            if not holds:
                extent = _rest(field, extent)
            return [] if extent.is_empty else [{field: extent}]


def _and(parts: Sequence[list[Box] | None]) -> list[Box] | None:
    found: list[Box] = [{}]
    for part in parts:
        if part is None:
            return None
        if len(found) * len(part) > MOST_BOXES:
            return None
        met = (meet(one, other) for one, other in product(found, part))
        found = [box for box in met if box is not None]
    return found


def _or(parts: Sequence[list[Box] | None]) -> list[Box] | None:
    found: list[Box] = []
    for part in parts:
        if part is None or len(found) + len(part) > MOST_BOXES:
            return None
        found += part
    return found


def meet(one: Box, other: Box) -> Box | None:
    """What is in both; None where nothing is."""
    both = dict(one)
    for field, extent in other.items():
        mine = both.get(field)
        both[field] = extent if mine is None else _both(mine, extent)
        if both[field].is_empty:
            return None
    return both


def overlap(one: Box, other: Box) -> bool:
    """Whether something is in both."""
    return all(
        field not in one or not _both(one[field], extent).is_empty
        for field, extent in other.items()
    )


def subtract(box: Box, taken: Box) -> list[Box]:
    """What is in the box and not in one that overlaps it, in boxes that do not overlap."""
    left: list[Box] = []
    kept = dict(box)
    for field, extent in taken.items():
        mine = kept.get(field)
        rest = _rest(field, extent)
        outside = rest if mine is None else _both(mine, rest)
        if not outside.is_empty:
            left.append({**kept, field: outside})
        kept[field] = extent if mine is None else _both(mine, extent)
    return left


def contains(box: Box, facts: RoutingFacts) -> bool:
    return all(_value(facts, field) in extent for field, extent in box.items())  # type: ignore[operator]


def everything(field: Field) -> Extent:
    """Every value that the fact can have."""
    kind = TYPES[field]
    match kind.shape:
        case Shape.MONEY | Shape.CURRENCY:
            return Monies((), ANY_AMOUNT)
        case Shape.NUMBER:
            return Spans((HOURS,), HOURS, kind.may_be_unknown)
        case Shape.BIN:
            return Spans((BINS,), BINS, kind.may_be_unknown)
        case Shape.WORD:
            if kind.words:
                unknown = {None} if kind.may_be_unknown else set()
                return Words(frozenset({*kind.words, *unknown}))
            return Words(frozenset() if kind.may_be_unknown else frozenset({None}), True)


def extent_of(comparison: Comparison) -> Extent:
    """The values for which the comparison holds. Of one that is of the wrong type: nonsense."""
    field = comparison.field
    if isinstance(comparison, NotIn):
        return _rest(field, extent_of(In(field, comparison.values)))
    if isinstance(comparison, Known):
        return _known(everything(field))
    match TYPES[field].shape:
        case Shape.WORD:
            words = comparison.values if isinstance(comparison, In) else ()
            return _both(everything(field), Words(frozenset(str(word) for word in words)))
        case Shape.CURRENCY:
            words = comparison.values if isinstance(comparison, In) else ()
            return Monies(
                tuple((str(word), ANY_AMOUNT) for word in sorted(set(words), key=str)), NO_AMOUNT
            )
        case Shape.MONEY:
            return _amounts(comparison)
        case Shape.NUMBER:
            return Spans.of(_intervals(comparison, _number, HOURS), HOURS)
        case Shape.BIN:
            return Spans.of(_bins(comparison), BINS)


def _amounts(comparison: Comparison) -> Monies:
    ends = _ends(comparison)
    currency = next(end for end in ends if isinstance(end, Money)).currency
    spans = Spans.of(_intervals(comparison, _number, AMOUNTS), AMOUNTS)
    return Monies(((currency, spans),), NO_AMOUNT)


def _ends(comparison: Comparison) -> tuple[Value, ...]:
    match comparison:
        case Between():
            return (comparison.low, comparison.high)
        case AtLeast() | AtMost():
            return (comparison.value,)
        case In():
            return comparison.values
        case _:
            return ()


def _intervals(
    comparison: Comparison, number: Callable[[Value], int], within: Interval
) -> list[Interval]:
    match comparison:
        case In():
            return [(number(value), number(value)) for value in comparison.values]
        case Between():
            return [(number(comparison.low), number(comparison.high))]
        case AtLeast():
            return [(number(comparison.value), within[1])]
        case AtMost():
            return [(within[0], number(comparison.value))]
        case _:
            return []


def _bins(comparison: Comparison) -> list[Interval]:
    match comparison:
        case In():
            return [(bin_number(str(value)), bin_number(str(value))) for value in comparison.values]
        case Prefix():
            ranges = [(prefix, prefix) for prefix in comparison.prefixes]
        case Between():
            ranges = [(str(comparison.low), str(comparison.high))]
        case _:
            ranges = []
    return [
        (bin_number(low.ljust(digits, "0")), bin_number(high.ljust(digits, "9")))
        for low, high in ranges
        for digits in _OFFSETS
        if digits >= len(low)
    ]


def _number(value: Value) -> int:
    return value.minor_units if isinstance(value, Money) else int(value)


def bin_number(digits: str) -> int:
    return _OFFSETS[len(digits)] + int(digits)


def _axis(field: Field) -> Field:
    return Field.AMOUNT if field is Field.CURRENCY else field


def _value(facts: RoutingFacts, field: Field) -> object:
    if field is Field.AMOUNT:
        return (facts.currency, facts.amount.minor_units)
    value = getattr(facts, field)
    return bin_number(value) if field is Field.BIN and value is not None else value


def _rest(field: Field, extent: Extent) -> Extent:
    return _both(everything(field), ~extent)


def _known(extent: Extent) -> Extent:
    match extent:
        case Words():
            return extent & Words(frozenset({None}), True)
        case Spans():
            return Spans(extent.intervals, extent.within)
        case Monies():
            return extent


def _both(one: Extent, other: Extent) -> Extent:
    """Two extents of one field are of one class."""
    return cast("Words", one) & cast("Words", other)
