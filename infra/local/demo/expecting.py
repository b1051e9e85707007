"""Saying what a story expects, and what came instead."""

from __future__ import annotations


class Deviation(Exception):
    """Something else came than the story tells."""

    def __init__(self, what: str, expected: object, came: object) -> None:
        super().__init__(f"{what}: expected {expected}, came {came}")


class NotWith(Exception):
    """A story that this PSP cannot play; the message is the reason."""


def expect(what: str, came: object, expected: object) -> None:
    """Raises Deviation."""
    if came != expected:
        raise Deviation(what, expected, came)


def expect_one_of(what: str, came: object, *expected: object) -> None:
    """Raises Deviation."""
    if came not in expected:
        raise Deviation(what, " or ".join(map(str, expected)), came)
