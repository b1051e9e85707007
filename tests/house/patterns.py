"""Every pattern that production searches text with, found in the sources with the way it is used.

A pattern that is built while it runs is named here with what it is built of.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tests.house.rooms import files, shown
from workflows.domain.card_data import _COUNTRIES
from workflows.domain.routing.policy.fields import TYPES

WAYS = {"match", "fullmatch", "search", "finditer", "findall", "sub", "split"}
AT_HOME = ("infra/local/", "activities/psp/scaffold/")
"""What is never in production."""


@dataclass(frozen=True)
class Use:
    """One pattern in one way of looking: at one place of the text, or at every."""

    where: str
    pattern: re.Pattern[str]
    way: str

    @property
    def everywhere(self) -> bool:
        return self.way not in ("match", "fullmatch")


BUILT = {
    ("api/http/fields.py", "pattern"): "by Word(…), whose own calls are found",
    ("workflows/domain/card_data.py", "f'[A-Z]{{2}}[0-9]{{2}}{shape}'"): "of IBANs, by country",
    ("workflows/domain/routing/proofs/typechecks.py", "kind.pattern"): "of the fields of rules",
}


def uses() -> list[Use]:
    found = [use for path in files("workflows", "activities", "workers", "api", "infra")
             if not shown(path).startswith(AT_HOME) for use in _in(path)]  # fmt: skip
    where = "workflows/domain/card_data.py"
    found += [Use(where, country.shape, "fullmatch") for country in _COUNTRIES.values()]
    where = "workflows/domain/routing/policy/fields.py"
    patterns = {kind.pattern for kind in TYPES.values()}
    return found + [Use(where, re.compile(p, re.ASCII), "fullmatch") for p in sorted(patterns)]


def _in(path: Path) -> Iterator[Use]:
    tree = ast.parse(path.read_text())
    names = _names(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called, first = ast.unparse(node.func), node.args[0]
        if called not in {"re.compile", "Word", *(f"re.{way}" for way in WAYS)}:
            continue
        if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
            if (shown(path), ast.unparse(first)) in BUILT:
                continue
            pattern = _made(path, first, _flags(node))
        else:
            pattern = re.compile(first.value, _flags(node))
        ways = {
            "re.compile": _ways(tree, names.get(first)),
            "Word": {"fullmatch"},
        }.get(called, {called.removeprefix("re.")})
        yield from (Use(f"{shown(path)}:{node.lineno}", pattern, way) for way in sorted(ways))


def _made(path: Path, expression: ast.expr, flags: int) -> re.Pattern[str]:
    """One that is put together where the module is loaded."""
    known = vars(import_module(shown(path).removesuffix(".py").replace("/", ".")))
    try:
        pattern = eval(ast.unparse(expression), dict(known))  # noqa: S307 - of our own code
    except NameError:
        raise AssertionError(f"{shown(path)} builds a pattern: tell of it in BUILT") from None
    return re.compile(pattern, flags)


def _names(tree: ast.Module) -> dict[ast.expr, str]:
    """By the text of a pattern, the name that it is bound to."""
    return {
        node.value.args[0]: node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
        and node.value.args
    }


def _ways(tree: ast.Module, name: str | None) -> set[str]:
    """As its module uses the name; in every way, where that is not to be seen."""
    ways = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        and node.attr in WAYS
    }
    return ways or {"fullmatch", "search"}


def _flags(call: ast.Call) -> int:
    """All that is written as `re.…` in it, but for the function."""
    given = [*call.args[1:], *(keyword.value for keyword in call.keywords)]
    named = [n.attr for arg in given for n in ast.walk(arg) if isinstance(n, ast.Attribute)]
    flags = 0
    for name in named:
        if name.isupper():
            flags |= getattr(re, name)
    return flags
