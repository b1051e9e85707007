"""Finding card numbers among digits: by issuer and length, by how cards are printed, by Luhn.

Each run of digits is looked at once, together with no more of those that follow it than a card
has groups, so that the work grows with the text and no faster. What is no card although it begins
as one and passes Luhn (a date, a time, a phone number, a snowflake) is told apart by its own
digits and by what stands right before it; how surely, and at what price, is written in
`docs/decisions/0011-card-numbers-are-told-from-ids.md`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stdnum import luhn

from workflows.domain.card_issuers import BY_SCHEME, IN_LONG_USE, LONGEST, SHORTEST

_RUN = re.compile(r"[0-9]++")
_SEPARATORS = frozenset(" \t\r\n-._/,+\\:;|~")
_SEPARATOR_AT_MOST = 3

_PRINTED = frozenset(
    {
        (4, 6, 5), (4, 6, 4), (4, 5, 6), (4, 4, 5), (4, 3, 3, 3), (6, 13),
        *((4,) * full + (rest,) for full in (3, 4) for rest in range(1, 5)),
    }
)  # fmt: skip
"""Digits by group, as cards are printed and forms split them."""

_TYPED = frozenset(
    {
        (8, 8), (8, 5), (8, 6), (8, 7), (4, 12), (12, 4), (4, 8, 4), (4, 4, 8), (8, 4, 4),
        *((1,) * n for n in range(SHORTEST, LONGEST + 1)),
        *((2,) * full + (rest,) for full in range(6, 10) for rest in (1, 2)),
    }
)  # fmt: skip
"""As some people type them: as often dates and times, which are left alone."""

_EVENLY = frozenset({1, 2})
"""A list of numbers so short is a card only as a whole."""

_LONG = 17
_NAMED = re.compile(
    r"(?:card|karte|carte|carta|tarjeta|kaart|kort|pan|visa|mastercard|maestro|unionpay|verve)"
    r"[ _-]?(?:no|nr|num|number|nummer|is|ist|:)?[.\"']?[ ]?[:=#]?[ ]?[\"']?\Z",
    re.IGNORECASE,
)
_NAME_AT_MOST = 24
_FRACTION = re.compile(r"(?:(?<![0-9.])|\A)[0-9]{1,3}\.\Z")
_DOUBLE_DIGITS = 17
"""No floating-point number is written with more."""

_DATED_MASTERCARD = re.compile(r"2[567](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
"""Year, month, day of 2025 to 2027: 261129… is a key of that day. Later years begin no card."""
_DAY_FIRST = re.compile(r"(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])20[1-3][0-9]")
_MONTH_FIRST = re.compile(r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])20[1-3][0-9]")
_UNIX_TIME = re.compile(r"1[5-9]")
"""Seconds from mid-2017 on, with whatever stands behind them."""
_PHONE = re.compile(r"43[1-9]|49(?:[2-9]|1[567])")
"""Austria and Germany: the only countries from +40 to +49 whose numbers have thirteen digits.
Mobile numbers of Germany begin with 15, 16, 17, places with 2 to 9."""
_PHONE_LENGTH = 13


@dataclass
class _Groups:
    """Sizes of groups that may follow those so far; what the whole is, where it may end here."""

    next: dict[int, _Groups]
    printed: bool = False
    typed: bool = False


def _shapes() -> _Groups:
    first = _Groups({})
    for sizes in _PRINTED | _TYPED:
        here = first
        for size in sizes:
            here = here.next.setdefault(size, _Groups({}))
        here.printed, here.typed = sizes in _PRINTED, sizes in _TYPED
    return first


_FIRST = _shapes()


def has_card_number(text: str) -> bool:
    """`text`: digits are ASCII, and what is no number of anything has been taken out."""
    runs = [found.span() for found in _RUN.finditer(text)]
    ends = [0, *(end for _, end in runs)]
    joined = [_is_separator(text[end:start]) for (start, _), end in zip(runs, ends, strict=False)]
    spot = _Spot(text, runs, [*joined, False])
    return any(spot.is_card_from(number) for number in range(len(runs)))


def _is_separator(text: str) -> bool:
    return 0 < len(text) <= _SEPARATOR_AT_MOST and _SEPARATORS.issuperset(text)


@dataclass(frozen=True)
class _Spot:
    text: str
    runs: list[tuple[int, int]]
    joined: list[bool]
    """Of each run: whether only a separator stands between it and the one before."""

    def is_card_from(self, number: int) -> bool:
        start, end = self.runs[number]
        if SHORTEST <= end - start <= LONGEST:
            return self._is_bare(start, end)
        if end - start in _EVENLY and self.joined[number]:
            return False
        return self._is_grouped(number)

    def _is_bare(self, start: int, end: int) -> bool:
        digits = self.text[start:end]
        if not BY_SCHEME.know(digits) or not luhn.is_valid(digits):
            return False
        if _NAMED.search(self.text[max(0, start - _NAME_AT_MOST) : start]):
            return True
        if self._is_fraction(start, end) or self._is_dialled(start, end):
            return False
        return IN_LONG_USE.know(digits) if len(digits) >= _LONG else not _is_an_id(digits)

    def _is_grouped(self, number: int) -> bool:
        """Whether this run and those right behind it are the groups of one number."""
        here, place = _FIRST, number
        while place < len(self.runs) and (place == number or self.joined[place]):
            start, end = self.runs[place]
            following = here.next.get(end - start)
            if following is None:
                return False
            here, place = following, place + 1
            if (here.printed or here.typed) and self._is_one(here, number, place):
                return True
        return False

    def _is_one(self, shape: _Groups, first: int, after: int) -> bool:
        """Whether the runs from `first` to before `after` are a card number."""
        groups = [self.text[start:end] for start, end in self.runs[first:after]]
        digits = "".join(groups)
        if len(groups[0]) in _EVENLY and self.joined[after]:
            return False
        if not BY_SCHEME.know(digits) or (shape.typed and _is_an_id(digits)):
            return False
        return luhn.is_valid(digits)

    def _is_fraction(self, start: int, end: int) -> bool:
        before = _FRACTION.search(self.text[max(0, start - 6) : start])
        if before is None:
            return False
        whole = before.group().lstrip("0")
        return len(whole) - 1 + end - start <= _DOUBLE_DIGITS

    def _is_dialled(self, start: int, end: int) -> bool:
        """As phone numbers are written, +49…: they have at most 15 digits, and hardly ever 15."""
        return end - start < 15 and self.text[max(0, start - 1) : start] == "+"


def _is_an_id(digits: str) -> bool:
    """What the field makes keys of and a card could be too: dates, times, phone numbers."""
    if len(digits) == _PHONE_LENGTH:
        return _PHONE.match(digits) is not None
    if _DAY_FIRST.match(digits):
        return True
    if len(digits) == 15:
        return bool(_UNIX_TIME.match(digits) or _MONTH_FIRST.match(digits))
    return len(digits) == 16 and _DATED_MASTERCARD.match(digits) is not None
