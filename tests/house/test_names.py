"""A name says what is in it, and one name has one meaning in a room."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.house.rooms import ROOMS, ROOT, files, shown

SAY_NOTHING = {"told", "said", "data"}
OF_THEIR_NOUN = {"Status"}
"""Each noun has its own, and it is imported with the noun's module."""
FOLDERS_OF_ROOMS = {
    "activities/psp/plugins": 4,
    "activities": 2,
    "infra/local/psps": 4,
    "infra/local": 3,
}
"""How many parts of a path name the room; elsewhere it is the first one."""


def bound(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name that the file gives to something, but the fields of a foreign format's `data`."""
    fields = {
        id(field.target)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for field in node.body
        if isinstance(field, ast.AnnAssign) and "data" in ast.unparse(field.target)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) if id(node) not in fields:
                yield name, node.lineno
            case ast.arg(arg=name):
                yield name, node.lineno
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno
            case _:
                pass


def named_in_sql(text: str) -> list[str]:
    """The words of a file of SQL, without its comments and texts."""
    bare = re.sub(r"--[^\n]*|'[^']*'", "", text)
    return re.findall(r"\b(?:told|said)\b", bare)


def test_no_name_in_sql_is_one_either() -> None:
    scripts = sorted((ROOT / "activities").rglob("*.sql"))
    assert len(scripts) > 20
    assert [shown(path) for path in scripts if named_in_sql(path.read_text())] == []
    assert named_in_sql("SELECT told -- said\n FROM 'said'") == ["told"]


def room_of(path: Path) -> str:
    place = shown(path)
    parts = next((n for folder, n in FOLDERS_OF_ROOMS.items() if place.startswith(folder)), 1)
    return "/".join(place.split("/")[:parts])


def test_no_name_is_one_that_could_stand_for_anything() -> None:
    found = [
        f"{shown(path)}:{line}: {name}"
        for path in files(*ROOMS)
        for name, line in bound(ast.parse(path.read_text()))
        if name in SAY_NOTHING
    ]
    assert found == []


def test_one_public_name_has_one_meaning_in_a_room() -> None:
    meanings: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in files(*ROOMS[:-1]):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                meanings[room_of(path), node.name].append(shown(path))
    twice = {
        f"{name} in {room}": places
        for (room, name), places in meanings.items()
        if len(places) > 1 and name not in OF_THEIR_NOUN
    }
    assert twice == {}
