"""What the pages name is there, and each decision has the form of all others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.rooms import ROOMS, ROOT

DOCS = ROOT / "docs"
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]

_FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_PLACE = re.compile(rf"`((?:{'|'.join(ROOMS)}|docs|\.ci)/[\w./-]*\w/?|[\w-]+\.(?:toml|lock))`")
"""Of files and folders. What has a `<name>`, a `*` or an ellipsis stands for many."""
_TEST = re.compile(r"`(test_\w+)`")
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
_SECTIONS = ["Context", "Decision", "Rejected", "Held by"]
LINES = 62
"""A page, printed."""


def named(pattern: re.Pattern[str]) -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for name in pattern.findall(_FENCED.sub("", page.read_text())):
            yield page, name


def test_every_file_that_a_page_names_is_there() -> None:
    places = list(named(_PLACE))
    assert len(places) > 200
    assert {(page.name, name) for page, name in places if not (ROOT / name).exists()} == set()


def test_every_link_leads_somewhere() -> None:
    missing = {(page.name, to) for page, to in named(_LINK) if not (page.parent / to).exists()}
    assert missing == set()


def test_every_test_that_a_page_names_is_there() -> None:
    written = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)", written))
    assert {(page.name, name) for page, name in named(_TEST) if name not in there} == set()


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem[:4])
def test_a_decision_says_what_was_decided_why_and_what_holds_it(page: Path) -> None:
    text, number = page.read_text(), page.name[:4]
    head = (
        rf"# {number}\. \S.*\n\nDate: \d{{4}}-\d\d-\d\d · Status: (decided|superseded by \d{{4}})\n"
    )
    assert re.match(head, text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == _SECTIONS
    assert text.count("\n") <= LINES
    assert re.search(r"^- \S", text.partition("## Rejected")[2], re.MULTILINE)
    held = text.partition("## Held by")[2]
    assert _PLACE.search(held) or _TEST.search(held)


def test_decisions_are_numbered_without_gaps_and_all_are_listed() -> None:
    assert [page.name[:4] for page in DECISIONS] == [f"{n + 1:04}" for n in range(len(DECISIONS))]
    dates = [re.search(r"Date: (\S+)", page.read_text()) for page in DECISIONS]
    assert [date[1] for date in dates if date] == sorted(date[1] for date in dates if date)
    listed = re.findall(r"^\| \d{4} \| \[.+\]\((.+)\) \|", _list(), re.MULTILINE)
    assert listed == [page.name for page in DECISIONS]


def _list() -> str:
    return (DOCS / "decisions" / "README.md").read_text()
