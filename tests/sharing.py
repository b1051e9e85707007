"""Which tests run in one process, one after the other: those that share what is dear to set up.

A file stays together, and so do, over all files, the journeys with one stack. What takes long comes
first, so that no process is left with it at the end.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parent
PSPS = ("adyen", "paypal", "stripe")
WITH_STACKS_OF_THEIR_OWN = {
    "journeys/test_audit_of_others.py",
    "journeys/test_restart.py",
}
LONG_FIRST = (
    "journeys",
    "crashes",
    "chaos",
    "house/test_certification_has_teeth.py",
    "house/test_plugins_are_certified.py",
    "house/test_linear_time.py",
    "infra/local/stack/test_endings.py",
    "infra/test_wrong_settings.py",
    "activities/audit",
    "walls",
    "workflows",
)


class Sharing(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """What belongs together goes to one process. xdist's own groups are written into ids of tests,
    which this pytest no longer lets it change."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """By whose name the test stays together with others."""
    place, _, test = nodeid.removeprefix("tests/").partition("::")
    if not place.startswith("journeys/") or place in WITH_STACKS_OF_THEIR_OWN:
        return place
    named = set(test.partition("[")[2].rstrip("]").split("-"))
    psp = next((name for name in PSPS if name in named), None)
    return f"journeys at {psp}" if psp else "journeys"


def turn_of(item: pytest.Item) -> int:
    place = item.path.relative_to(ROOT).as_posix()
    turns = (turn for turn, long in enumerate(LONG_FIRST) if place.startswith(long))
    return next(turns, len(LONG_FIRST))
