"""The table of the settings is whole, and is what the code reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.house.rooms import ROOT
from tests.house.settings_page import PAGE, page, undocumented

NO_SETTINGS = re.compile(
    r"PAYSAGA_(TOKEN_(PLATFORM|OPERATOR|APPROVER)|SANDBOX_PSP_\w+|LOOKALIKE_\w+|ACME_\w+"
    r"|SPECS_DIR)"
)
"""What `make up` tells a shell, what only stand-ins of PSPs or tests read, the docs' example."""
NAME = re.compile(r"PAYSAGA_[A-Z]+(?:_[A-Z]+)+\b(?!_)")


def named() -> Iterator[tuple[str, str]]:
    for room in ("workflows", "activities", "workers", "api", "infra", "docs"):
        for file in (ROOT / room).rglob("*"):
            if file.suffix in (".py", ".md", ".conf") and file != PAGE:
                yield from ((file.name, name) for name in NAME.findall(file.read_text()))
    yield from (("README.md", name) for name in NAME.findall((ROOT / "README.md").read_text()))


def test_the_page_is_what_the_code_reads() -> None:
    assert PAGE.read_text() == page(), "run `make settings` and commit what it writes"


def test_every_setting_says_what_it_means() -> None:
    assert undocumented() == []


def test_every_variable_that_is_named_anywhere_is_in_the_table() -> None:
    table = set(NAME.findall(PAGE.read_text()))
    seen = list(named())
    begun = {name.rpartition("_")[0] for name in table}
    unknown = {(file, name) for file, name in seen if name not in table | begun}
    assert len(seen) > 100
    assert {each for each in unknown if not NO_SETTINGS.fullmatch(each[1])} == set()
