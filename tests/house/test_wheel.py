"""What is shipped: the rooms, and nothing of what a laptop has in place of the world."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from setuptools import Distribution

from tests.house.rooms import ROOMS, ROOT, shown

LOCAL = "infra.local"


@pytest.fixture(scope="module")
def packages() -> list[str]:
    """As setuptools reads them from pyproject.toml when it builds the wheel."""
    distribution = Distribution()
    distribution.parse_config_files([str(ROOT / "pyproject.toml")])
    return list(distribution.packages or [])


def is_local(module: str) -> bool:
    return module == LOCAL or module.startswith(f"{LOCAL}.")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_the_wheel_has_the_rooms_and_nothing_of_the_local_runtime(packages: list[str]) -> None:
    assert {package.partition(".")[0] for package in packages} == {*ROOMS} - {"tests"}
    assert [package for package in packages if is_local(package)] == []


def test_nothing_in_the_wheel_imports_the_local_runtime(packages: list[str]) -> None:
    """Of infra itself too, which no contract of the imports can say."""
    shipped = [path for each in packages for path in (ROOT / each.replace(".", "/")).glob("*.py")]
    assert len(shipped) > 300
    uses = [(shown(path), name) for path in shipped for name in imported(path) if is_local(name)]
    assert uses == []
