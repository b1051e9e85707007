"""Checks of the database: one query for what was compared, one for the rows that are wrong.

They stand in `queries/*.sql`, so that anybody can read them, and run one by hand. After a line
`-- I1: <name>` come `-- compared` and `-- wrong`, each followed by a query that gives rows of
text; what stands under `-- with` is in front of every query of its file. `:patience`,
`:waiting`, `:psp` and `:journal` are told (see `Told` in `checking.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from activities.audit.report import NAMED_AT_MOST

_QUERIES = Path(__file__).with_name("queries")
_HEADING = re.compile(r"^-- (I\d+): (.+)$", re.MULTILINE)
_FIRST = "SELECT words, count(*) OVER () FROM ({wrong}) AS w (words) ORDER BY words LIMIT {most}"


@dataclass(frozen=True)
class Check:
    invariant: str
    name: str
    compared: str
    wrong: str


@cache
def checks(file: str) -> tuple[Check, ...]:
    """Those of a file of queries, in its order."""
    text = (_QUERIES / f"{file}.sql").read_text()
    preamble, *parts = _HEADING.split(text)
    shared = preamble.partition("-- with\n")[2].strip()
    start = f"WITH {shared}\n" if shared else ""
    found = []
    for invariant, name, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        compared, _, wrong = body.partition("-- wrong\n")
        compared = compared.partition("-- compared\n")[2]
        found.append(Check(invariant, name, start + compared, start + _first(wrong)))
    return tuple(found)


def _first(wrong: str) -> str:
    return _FIRST.format(wrong=wrong, most=NAMED_AT_MOST)
