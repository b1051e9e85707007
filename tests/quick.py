"""`make quick`: the tests that a change touches, and those that need no server; under a minute.

Touched are the test files that changed since the last commit (`SINCE=main` for another point) and
those that import a module that did. Who imports everything (a stack, a whole flow) is left to
`make test`, and named.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from grimp import ImportGraph, build_graph

ROOT = Path(__file__).parents[1]
ROOMS = ("workflows", "activities", "workers", "api", "infra", "tests")
ALWAYS = ("tests/domain", "tests/house/test_names.py", "tests/house/test_sizes.py")
"""Need no server."""
SLOW = ("tests.journeys", "tests.chaos", "tests.crashes", "tests.doors", "tests.walls")
"""Begin whole stacks, or kill them."""
FEW_EXAMPLES = ("--hypothesis-profile", "quick")
AT_MOST = 12
"""Files beside: more take longer than a minute."""


def main() -> int:
    graph = build_graph(*ROOMS)
    changed = [module for module in map(module_of, changed_files()) if module in graph.modules]
    touched = sorted({test for module in changed for test in tests_of(graph, module)})
    chosen = [test for test in touched if not test.startswith(SLOW)][:AT_MOST]
    left = [test for test in touched if test not in chosen]
    if left:
        print(f"left to make test: {', '.join(left)}")  # noqa: T201
    paths = [f"{test.replace('.', '/')}.py" for test in chosen]
    asked = [sys.executable, "-m", "pytest", "-q", "-n", "2", *FEW_EXAMPLES, *ALWAYS, *paths]
    return subprocess.run(asked, cwd=ROOT).returncode


def changed_files() -> list[str]:
    since = os.environ.get("SINCE", "HEAD")
    git = ("git", "-C", str(ROOT))
    differing = _lines(*git, "diff", "--name-only", "--relative", since)
    return differing + _lines(*git, "ls-files", "--others", "--exclude-standard")


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def tests_of(graph: ImportGraph, module: str) -> set[str]:
    """It itself, if it is one, and those that import it."""
    near = {module, *graph.find_modules_that_directly_import(module)}
    return {each for each in near if each.rpartition(".")[2].startswith("test_")}


def _lines(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())
