"""Which rules hold for a payment, quickly: conditions become closures, words become bit masks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workflows.domain.money import Money
from workflows.domain.routing.facts import RoutingFacts
from workflows.domain.routing.proofs.boxes import Box, boxes_of, everything
from workflows.domain.routing.proofs.extents import Monies, Words

from .fields import TYPES, Field, Shape
from .rules import (
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
    Policy,
    Prefix,
    Rule,
)

Test = Callable[[RoutingFacts], bool]
MOST_BITS = 16
"""Of one rule."""


def compiled(condition: Condition) -> Test:
    match condition:
        case Not():
            inner = compiled(condition.condition)
            return lambda facts: not inner(facts)
        case All():
            return _all([compiled(part) for part in condition.conditions])
        case Either():
            return _any([compiled(part) for part in condition.conditions])
        case _:
            return _comparison(condition)


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda facts: first(facts) and second(facts)

    def every(facts: RoutingFacts) -> bool:
        for test in tests:  # noqa: SIM110 - all() of a generator takes twice as long
            if not test(facts):
                return False
        return True

    return every


def _any(tests: list[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda facts: first(facts) or second(facts)
    return lambda facts: any(test(facts) for test in tests)


def _comparison(comparison: Comparison) -> Test:
    name = str(comparison.field)
    match comparison:
        case In():
            wanted = frozenset(comparison.values)
            return lambda facts: getattr(facts, name) in wanted
        case NotIn():
            unwanted = frozenset(comparison.values)
            return lambda facts: getattr(facts, name) not in unwanted
        case Known():
            return lambda facts: getattr(facts, name) is not None
        case Prefix():
            prefixes = comparison.prefixes
            return lambda facts: (getattr(facts, name) or "").startswith(prefixes)
        case Between():
            return _between(comparison.field, comparison.low, comparison.high)
        case AtLeast():
            return _between(comparison.field, comparison.value, None)
        case AtMost():
            return _between(comparison.field, None, comparison.value)


def _between(field: Field, low: object, high: object) -> Test:
    if isinstance(low, Money) or isinstance(high, Money):
        return _amount_between(low, high)
    if TYPES[field].shape is Shape.BIN:
        return _bin_between(str(low), str(high))
    name = str(field)
    bottom = low if isinstance(low, int) else float("-inf")
    top = high if isinstance(high, int) else float("inf")

    def between(facts: RoutingFacts) -> bool:
        value = getattr(facts, name)
        return value is not None and bottom <= value <= top

    return between


def _amount_between(low: object, high: object) -> Test:
    ends = [end for end in (low, high) if isinstance(end, Money)]
    currency = ends[0].currency
    bottom = low.minor_units if isinstance(low, Money) else 0
    top = high.minor_units if isinstance(high, Money) else float("inf")

    def between(facts: RoutingFacts) -> bool:
        amount = facts.amount
        return amount.currency == currency and bottom <= amount.minor_units <= top

    return between


def _bin_between(low: str, high: str) -> Test:
    digits = len(low)

    def between(facts: RoutingFacts) -> bool:
        value = facts.bin
        return value is not None and len(value) >= digits and low <= value[:digits] <= high

    return between


@dataclass(frozen=True)
class Mask:
    """For one fact: by its value, the bits of the boxes that it does not rule out."""

    name: str
    listed: dict[str | None, int]
    others: int


@dataclass(frozen=True)
class Matcher:
    """A rule has a bit for each of the boxes that it holds for, or one if there are many."""

    rules: tuple[Rule, ...]
    tests: tuple[Test, ...]
    masks: tuple[Mask, ...]
    owners: tuple[int, ...]
    """By bit, the number of the rule."""

    @classmethod
    def of(cls, rules: tuple[Rule, ...]) -> Matcher:
        owned = [(box, number) for number, rule in enumerate(rules) for box in _few(rule)]
        boxes = [box for box, _ in owned]
        masks = [_mask(field, boxes) for field in Field if _is_word(field)]
        return cls(
            rules,
            tuple(compiled(rule.when) for rule in rules),
            tuple(mask for mask in masks if mask.listed),
            tuple(number for _, number in owned),
        )

    def matching(self, facts: RoutingFacts) -> Iterator[Rule]:
        """In their order."""
        bits = (1 << len(self.owners)) - 1
        for mask in self.masks:
            bits &= mask.listed.get(getattr(facts, mask.name), mask.others)
        done = -1
        while bits:
            lowest = bits & -bits
            bits ^= lowest
            number = self.owners[lowest.bit_length() - 1]
            if number != done and self.tests[number](facts):
                yield self.rules[number]
            done = number


def matcher_of(policy: Policy) -> Matcher:
    """Compiled once for a policy's value."""
    found = policy.memo.get("matcher")
    if found is None:
        found = policy.memo["matcher"] = Matcher.of(policy.rules)
    assert isinstance(found, Matcher)  # noqa: S101
    return found


def _few(rule: Rule) -> list[Box]:
    boxes = boxes_of(rule.when)
    return [{}] if boxes is None or len(boxes) > MOST_BITS else boxes


def _is_word(field: Field) -> bool:
    return TYPES[field].shape in (Shape.WORD, Shape.CURRENCY)


def _mask(field: Field, boxes: list[Box]) -> Mask:
    axis = Field.AMOUNT if field is Field.CURRENCY else field
    whole = everything(axis)
    listed: dict[str | None, int] = {}
    extents = [(number, box.get(axis, whole)) for number, box in enumerate(boxes)]
    # A word that no box lists stands for all such words.
    stranger = "\0"
    for value in {word for _, extent in extents for word in _words(extent)}:
        listed[value] = sum(1 << number for number, extent in extents if _may(extent, value))
    others = sum(1 << number for number, extent in extents if _may(extent, stranger))
    return Mask(str(field), listed, others)


def _words(extent: object) -> frozenset[str | None]:
    match extent:
        case Words():
            return extent.listed
        case Monies():
            return frozenset(currency for currency, _ in extent.listed)
        case _:
            return frozenset()


def _may(extent: object, value: str | None) -> bool:
    match extent:
        case Words():
            return value in extent
        case Monies():
            return not extent.of(str(value)).is_empty
        case _:
            return True
