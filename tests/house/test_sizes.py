"""Small rooms: a file is read in one go, a function at one glance, and a name says what it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.rooms import ROOMS, files, shown

FILE_LINES, FUNCTION_LINES, PROCESS_LINES = 300, 40, 25
NAMES_THAT_SAY_NOTHING = {"utils", "helpers", "common", "manager", "service"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each with its number of lines."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_long() -> None:
    lines = {shown(path): path.read_text().count("\n") for path in files(*ROOMS)}
    assert {name: count for name, count in lines.items() if count > FILE_LINES} == {}


def test_no_function_is_long() -> None:
    long = [
        (shown(path), name, lines)
        for path in files(*ROOMS[:-1])
        for name, lines in functions(path)
        if lines > FUNCTION_LINES
    ]
    assert long == []


def test_a_process_can_be_read_by_an_accountant() -> None:
    runs = [
        (shown(path), lines)
        for path in files("workflows")
        for name, lines in functions(path)
        if name == "run"
    ]
    assert len(runs) >= 3
    assert [run for run in runs if run[1] > PROCESS_LINES] == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    named = {shown(path) for path in files(*ROOMS) if path.stem in NAMES_THAT_SAY_NOTHING}
    assert named == set()
