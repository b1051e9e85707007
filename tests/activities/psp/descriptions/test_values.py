"""Patterns mean what they mean to the PSPs, and formats are judged."""

from __future__ import annotations

import re

import pytest

from tests.activities.psp.descriptions.values import FORMATS, pattern


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        ("^[0-9]+$", "10", True),
        # Python's own $ would take these two.
        ("^[0-9]+$", "10\n", False),
        (r"^\d+$", "١٠", False),
        (r"^\w+$", "é", False),
        ("[0-9]{4}", "no 1234 at all", True),
        ("^[$]$", "$", True),
        (r"^\$$", "$", True),
        ("^.*$", "two\nlines", False),
    ],
)
def test_a_pattern_means_what_ecma_262_says(source: str, text: str, found: bool) -> None:
    assert bool(pattern(source).search(text)) is found


def test_a_pattern_that_does_not_compile_is_an_error_and_no_yes() -> None:
    with pytest.raises(re.error):
        pattern("^(unfinished$")


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("byte", "aGVsbG8=", ("aGVsbG8", "é")),
        ("date", "2026-02-28", ("2026-02-29", "28.02.2026", "20260228")),
        ("date-time", "2026-02-28T10:00:00+01:00", ("2026-02-28T10:00:00", "2026-02-28T25:00:00Z")),
        ("int32", 2**31 - 1, (2**31, -(2**31) - 1)),
        ("int64", 2**63 - 1, (2**63,)),
        ("ppaas_common_currency_code_v2", "EUR", ("eur", "EU", "EURO")),
        ("unix-time", 1_767_225_600, (1_767_225_600_000, -1)),
        (
            "uri",
            "https://cashier.example/a?b=%20#c",
            ("/a", "https://a b", "https://a/{id}", "a%zz:"),
        ),
    ],
)
def test_every_format_takes_the_right_and_refuses_the_wrong(
    name: str, right: object, wrong: tuple[object, ...]
) -> None:
    assert FORMATS[name](right)
    assert not [value for value in wrong if FORMATS[name](value)]


def test_a_format_says_nothing_of_another_type() -> None:
    assert all(judge(None) for judge in FORMATS.values())
