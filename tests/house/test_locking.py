"""Whoever takes so many rows and no more says so in a query of its own, whatever the plan."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_TAKES = re.compile(r"\bSKIP\s+LOCKED\s*\)")
_OF_ITS_OWN = re.compile(r"\bAS\s+(MATERIALIZED\s+)?$")


def in_a_join(text: str) -> list[str]:
    """What stands before each subquery that locks, skips what is locked, and is no CTE."""
    found = []
    for locks in _TAKES.finditer(text):
        depth, at = 0, locks.end() - 1
        while depth or at == locks.end() - 1:
            depth += {")": 1, "(": -1}.get(text[at], 0)
            at -= 1
        before = text[max(0, at - 60) : at + 1]
        if not _OF_ITS_OWN.search(before):
            found.append(before.strip())
    return found


def test_no_subquery_that_skips_what_is_locked_is_joined() -> None:
    """A nested loop runs it again for each row: it passes over what it has taken, and takes more
    than its limit."""
    files = [*(_ROOT / "activities").rglob("*.sql"), *(_ROOT / "activities").rglob("*.py")]
    wrong = {str(file.relative_to(_ROOT)): in_a_join(file.read_text()) for file in files}
    assert not {file: places for file, places in wrong.items() if places}


@pytest.mark.parametrize(
    ("query", "is_wrong"),
    [
        ("UPDATE a SET x = 1 FROM (SELECT i FROM a LIMIT (2) FOR UPDATE SKIP LOCKED) d", True),
        ("WITH d AS (SELECT i FROM a LIMIT 2 FOR UPDATE SKIP LOCKED) UPDATE a", False),
        ("WITH d AS MATERIALIZED (SELECT i FROM a FOR UPDATE SKIP LOCKED\n) UPDATE a", False),
    ],
)
def test_a_subquery_is_told_from_a_query_of_its_own(query: str, is_wrong: bool) -> None:
    assert bool(in_a_join(query)) == is_wrong
