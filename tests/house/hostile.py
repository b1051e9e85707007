"""Texts made to cost: of any length, for one pattern or for all."""

from __future__ import annotations

import importlib
import re
import string
from collections.abc import Callable, Iterator
from typing import Any

from tests.house.steps import one_of

_parser: Any = importlib.import_module("re._parser")

Text = Callable[[int], str]
"""A text of about so many characters."""

_CHARACTERS = {"LITERAL", "NOT_LITERAL", "IN", "ANY"}
_ALPHABET = [*string.printable, "\x00", "\x01", "\u00e4", "\ud800", "\u2028"]


def repeated(unit: str, before: str = "", after: str = "") -> Text:
    return lambda size: before + unit * (size // len(unit)) + after


ANYWHERE: dict[str, Text] = {
    **{f"{unit!r} again and again": repeated(unit) for unit in (
        "a", "A", "0", "4", " ", "-", '"', "\\", '\\"', "{", "[", "]", "[]", '""', "%", "%34", ":",
        ",", ".", "1 ", "4-", "4111 ", "4111111111111112 ", "41 ", "card ", "0.4111111111111111 ",
        "0000-", "ab12", "AB12cd34-", "00000000-0000-0000-0000-", "DE89", "DE89 ", "GB82WEST ",
        "IBAN", "\\u0034", "\u0301\u0323", "\uff14", "\u200b", "\u0664 ", '"in_1:a', "t=1,",
        "in_1:", "v1=a,", "v1,a ", "\n ", "\n", "2026-11-29T", "+0000", "1e9", "Rule\n",
    )},
    "plain words": repeated("The player asked for 50.00 EUR on 2026-11-29 by card. "),
    "ids": repeated("in_0123456789abcdef0123456789abcdef:authorize:1 "),
}  # fmt: skip


def against(pattern: re.Pattern[str]) -> Iterator[Text]:
    """Each of its repeats, gone through again and again, and never what may follow."""
    tree = _parser.parse(pattern.pattern, pattern.flags)
    for before, unit in _repeats(tree, ""):
        if unit:
            yield repeated(unit, before, "\x00")
            yield repeated(before + unit)
            yield repeated(before + unit * 3 + "\x00")


def _repeats(tree: Any, before: str) -> Iterator[tuple[str, str]]:
    """What leads to each repeat, and what it repeats."""
    for op, operand in tree:
        for inner in _inside(str(op), operand):
            if "REPEAT" in str(op):
                yield before, _sample(inner)
            yield from _repeats(inner, before)
        before += _sample([(op, operand)])


def _inside(op: str, operand: Any) -> list[Any]:
    match op:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return [operand[2]]
        case "SUBPATTERN":
            return [operand[3]]
        case "ASSERT" | "ASSERT_NOT":
            return [operand[1]]
        case "ATOMIC_GROUP":
            return [operand]
        case "BRANCH":
            return list(operand[1])
    return []


def _sample(tree: Any) -> str:
    """Something that it matches."""
    made = ""
    for op, operand in tree:
        inside = _inside(str(op), operand)
        if str(op) in _CHARACTERS:
            fits = re.compile(one_of(str(op), operand), re.DOTALL)
            made += next((one for one in _ALPHABET if fits.fullmatch(one)), "")
        elif "REPEAT" in str(op):
            made += _sample(inside[0]) * max(1, operand[0])
        elif inside and not str(op).startswith("ASSERT"):
            made += _sample(inside[0])
    return made
