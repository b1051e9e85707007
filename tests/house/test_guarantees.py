"""Every promise in the docs names a proof that is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUARANTEES = "\n".join(
    (ROOT / "docs" / name).read_text() for name in ("guarantees.md", "security.md")
)


def test_every_test_that_a_guarantee_names_is_there() -> None:
    written = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)", written))
    named = set(re.findall(r"`(test_\w+)`", GUARANTEES))
    assert len(named) > 40
    assert named - there == set()


def test_every_place_that_a_guarantee_names_is_there() -> None:
    for place in re.findall(r"`((?:tests|activities|docs)/[\w/.]+)`", GUARANTEES):
        assert (ROOT / place).exists(), place
