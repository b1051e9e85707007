"""The sets that rules are proved with: AND, OR, NOT and difference are exact, value by value."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.routing.examples import facts
from workflows.domain.money import MAX_MINOR_UNITS, Money
from workflows.domain.routing.policy.fields import Field
from workflows.domain.routing.policy.matching import compiled
from workflows.domain.routing.policy.rules import Between, Condition, In, NotIn, Prefix
from workflows.domain.routing.proofs.boxes import (
    BINS,
    Box,
    bin_number,
    boxes_of,
    contains,
    everything,
    meet,
    overlap,
    subtract,
)
from workflows.domain.routing.proofs.extents import AMOUNTS, Monies, Spans, Words

LETTERS: list[str | None] = ["a", "b", "c", "d", None]
NUMBERS = [None, *range(8)]
WORDS = st.builds(Words, st.frozensets(st.sampled_from(LETTERS[:3] + [None])), st.booleans())
PAIRS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=3)


def spans(pairs: list[tuple[int, int]], unknown: bool) -> Spans:
    return Spans(Spans.of(pairs, (0, 7)).intervals, (0, 7), unknown)


SPANS = st.builds(spans, PAIRS, st.booleans())
AMOUNT_SPANS = PAIRS.map(lambda pairs: Spans.of(pairs, AMOUNTS))
MONIES = st.builds(
    Monies,
    st.dictionaries(st.sampled_from(["EUR", "USD"]), AMOUNT_SPANS).map(
        lambda found: tuple(sorted(found.items()))
    ),
    AMOUNT_SPANS,
)


@given(WORDS, WORDS)
def test_words_are_sets(one: Words, other: Words) -> None:
    for value in LETTERS:
        assert (value in (one & other)) == (value in one and value in other)
        assert (value in ~one) == (value not in one)
    assert (one & ~one).is_empty


@given(SPANS, SPANS)
def test_spans_are_sets_and_empty_only_without_a_value(one: Spans, other: Spans) -> None:
    for value in NUMBERS:
        assert (value in (one & other)) == (value in one and value in other)
        assert (value in ~one) == (value not in one)
    assert one.is_empty == (not any(value in one for value in NUMBERS))


@given(MONIES, MONIES)
def test_amounts_are_sets_per_currency(one: Monies, other: Monies) -> None:
    for currency, units in product(["EUR", "USD", "JPY"], [*range(9), MAX_MINOR_UNITS]):
        value = (currency, units)
        assert (value in (one & other)) == (value in one and value in other)
        assert (value in ~one) == (value not in one)
    assert (one & ~one).is_empty and not (~(one & ~one)).is_empty


FIELDS = (Field.SEGMENT, Field.SCHEME)
BOXES: st.SearchStrategy[Box] = st.dictionaries(st.sampled_from(FIELDS), WORDS).map(dict)


@given(BOXES, BOXES)
def test_what_is_left_of_a_box_is_what_the_other_has_not(one: Box, other: Box) -> None:
    met, left = meet(one, other), subtract(one, other)
    for segment, scheme in product(LETTERS, LETTERS):
        payment = facts(segment=segment, scheme=scheme)
        mine, yours = contains(one, payment), contains(other, payment)
        assert (met is not None and contains(met, payment)) == (mine and yours)
        if overlap(one, other):
            assert sum(contains(piece, payment) for piece in left) == (mine and not yours)
        else:
            assert not (mine and yours)


DIGITS = ["411111", "411112", "4111111", "41111110", "41111199", "510000", "51000099", "4111110"]
PREFIXES = ["4", "411111", "4111111", "41111110", "51", "5100009"]
RANGES = [("4", "5"), ("411111", "411111"), ("4111110", "4111115"), ("41111110", "41111150")]
OF_BINS: list[Condition] = [
    *(Prefix(Field.BIN, (prefix,)) for prefix in PREFIXES),
    *(Between(Field.BIN, low, high) for low, high in RANGES),
    *(In(Field.BIN, (digits,)) for digits in DIGITS),
    NotIn(Field.BIN, tuple(DIGITS[:3])),
]


@pytest.mark.parametrize("condition", OF_BINS)
def test_bins_are_the_same_on_the_line_and_as_digits(condition: Condition) -> None:
    boxes = boxes_of(condition)
    assert boxes is not None
    for digits in [None, *DIGITS]:
        payment = facts(bin=digits)
        assert any(contains(box, payment) for box in boxes) == compiled(condition)(payment)


def test_each_bin_has_its_own_place_on_the_line() -> None:
    ends = ["000000", "999999", "0000000", "9999999", "00000000", "99999999"]
    places = [bin_number(digits) for digits in ends]
    assert places == sorted(set(places)) and (places[0], places[-1]) == BINS


def test_every_payment_is_within_everything() -> None:
    payment = facts(amount=Money(0, "JPY"))
    assert all(contains({field: everything(field)}, payment) for field in (Field.BIN, Field.HOUR))
    assert contains({Field.AMOUNT: everything(Field.CURRENCY)}, payment)
