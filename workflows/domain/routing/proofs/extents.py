"""Sets of the values that a fact can have, with exact AND, OR and NOT: what rules are proved with.

Words are finite or all-but-finite sets; numbers and BINs are intervals of whole numbers; amounts
are intervals per currency. None stands for a fact that is not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workflows.domain.money import MAX_MINOR_UNITS


@dataclass(frozen=True)
class Words:
    """The listed ones, or, where `others`, every word but the listed ones."""

    listed: frozenset[str | None]
    others: bool = False

    def __contains__(self, value: str | None) -> bool:
        return (value in self.listed) != self.others

    def __invert__(self) -> Words:
        return Words(self.listed, not self.others)

    def __and__(self, other: Words) -> Words:
        if self.others and other.others:
            return Words(self.listed | other.listed, True)
        if self.others:
            return Words(other.listed - self.listed)
        if other.others:
            return Words(self.listed - other.listed)
        return Words(self.listed & other.listed)

    @property
    def is_empty(self) -> bool:
        """Of all-but-some words there is always another: the lists of names are open."""
        return not self.others and not self.listed


Interval = tuple[int, int]


@dataclass(frozen=True)
class Spans:
    """Whole numbers from `first` to `last`, both in it; apart, ascending. And perhaps None."""

    intervals: tuple[Interval, ...]
    within: Interval
    unknown: bool = False

    @classmethod
    def of(cls, intervals: Iterable[Interval], within: Interval) -> Spans:
        """Clipped to what there is, overlapping ones joined."""
        low, high = within
        joined: list[Interval] = []
        for first, last in sorted(intervals):
            first, last = max(first, low), min(last, high)
            if first > last:
                continue
            if joined and first <= joined[-1][1] + 1:
                joined[-1] = (joined[-1][0], max(joined[-1][1], last))
            else:
                joined.append((first, last))
        return cls(tuple(joined), within)

    def __contains__(self, value: int | None) -> bool:
        if value is None:
            return self.unknown
        return any(first <= value <= last for first, last in self.intervals)

    def __invert__(self) -> Spans:
        low, high = self.within
        gaps: list[Interval] = []
        for first, last in self.intervals:
            if low < first:
                gaps.append((low, first - 1))
            low = last + 1
        if low <= high:
            gaps.append((low, high))
        return Spans(tuple(gaps), self.within, not self.unknown)

    def __and__(self, other: Spans) -> Spans:
        shared = [
            (max(mine[0], yours[0]), min(mine[1], yours[1]))
            for mine in self.intervals
            for yours in other.intervals
        ]
        both = self.unknown and other.unknown
        return Spans(Spans.of(shared, self.within).intervals, self.within, both)

    @property
    def is_empty(self) -> bool:
        return not self.intervals and not self.unknown


AMOUNTS: Interval = (0, MAX_MINOR_UNITS)


@dataclass(frozen=True)
class Monies:
    """Minor units per currency, and those of every currency that is not listed."""

    listed: tuple[tuple[str, Spans], ...]
    others: Spans

    def of(self, currency: str) -> Spans:
        return dict(self.listed).get(currency, self.others)

    def __contains__(self, value: tuple[str, int]) -> bool:
        return value[1] in self.of(value[0])

    def __invert__(self) -> Monies:
        return Monies(
            tuple((currency, _without_none(~spans)) for currency, spans in self.listed),
            _without_none(~self.others),
        )

    def __and__(self, other: Monies) -> Monies:
        named = sorted({currency for currency, _ in self.listed + other.listed})
        shared = tuple((name, self.of(name) & other.of(name)) for name in named)
        return Monies(shared, self.others & other.others)

    @property
    def is_empty(self) -> bool:
        return self.others.is_empty and all(spans.is_empty for _, spans in self.listed)


Extent = Words | Spans | Monies

NO_AMOUNT = Spans((), AMOUNTS)
ANY_AMOUNT = Spans((AMOUNTS,), AMOUNTS)


def _without_none(spans: Spans) -> Spans:
    """A payment always has an amount."""
    return Spans(spans.intervals, spans.within)
