"""No test rests on luck: an answer carries ids made by chance, and they may hold any few digits."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.house.rooms import files, shown

FEW_DIGITS = re.compile(r"[0-9a-f]{1,10}")
"""What a random id of 32 hex digits holds once in a million million answers, or more often."""


def resting_on_luck(tree: ast.Module) -> Iterator[int]:
    """Lines that look for a few hex digits in the whole text of an answer."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(
                left=ast.Constant(value=str(digits)),
                ops=[ast.NotIn()],
                comparators=[ast.Attribute(attr="text" | "content")],
            ) if FEW_DIGITS.fullmatch(digits):
                yield node.lineno
            case _:
                pass


def test_no_test_looks_for_few_digits_beside_an_id_made_by_chance() -> None:
    found = [
        f"{shown(path)}:{line}"
        for path in files("tests")
        for line in resting_on_luck(ast.parse(path.read_text()))
    ]
    assert found == []


def test_the_search_finds_what_it_is_for() -> None:
    assert list(resting_on_luck(ast.parse('assert "4000" not in refused.text'))) == [1]
    assert not list(resting_on_luck(ast.parse('assert "hunter" not in refused.text')))
