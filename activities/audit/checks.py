"""Checks of the database: one query for what was compared, one for the rows that are wrong.

They stand in `queries/*.sql`, so that anybody can read them, and run one by hand. After a line
`-- I1: <name>` come `-- compared` and `-- wrong`, each followed by a query that gives rows of
text; what stands under `-- with` is in front of every query of its file. `:patience`,
`:waiting`, `:psp` and `:journal` are told (see `Told`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from asyncpg.pool import PoolConnectionProxy as Connection

from activities.audit.report import NAMED_AT_MOST, Finding

_QUERIES = Path(__file__).with_name("queries")
_HEADING = re.compile(r"^-- (I\d+): (.+)$", re.MULTILINE)
_FIRST = "SELECT told, count(*) OVER () FROM ({wrong}) AS wrong (told) ORDER BY told LIMIT {most}"
_SECONDS = 120.0
"""A full scan of a large ledger takes longer than a command of a payment may."""


@dataclass(frozen=True, kw_only=True)
class Told:
    patience: timedelta
    """So long a payment, a webhook or a notice may be under way before it is a violation."""
    waiting: timedelta
    """So long an event may wait for a payment that we do not know."""
    psp: str
    """The PSP whose own book is compared."""
    journal: list[dict[str, Any]] = field(default_factory=list)
    """That book: everything it truly did, oldest first."""


_KINDS = {"patience": "interval", "waiting": "interval", "psp": "text", "journal": "jsonb"}


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


async def run(check: Check, connection: Connection, told: Told) -> Finding:
    """Raises asyncpg.PostgresError or OSError."""
    compared = await _ask(connection, check.compared, told)
    wrong = await _ask(connection, check.wrong, told)
    return Finding(
        check.invariant,
        check.name,
        "; ".join(row[0] for row in compared) or "nothing yet",
        [row[0] for row in wrong],
        wrong[0][1] if wrong else 0,
    )


async def _ask(connection: Connection, query: str, told: Told) -> list[Any]:
    values = []
    for name, kind in _KINDS.items():
        if f":{name}" in query:
            values.append(getattr(told, name))
            query = query.replace(f":{name}", f"${len(values)}::{kind}")
    return await connection.fetch(query, *values, timeout=_SECONDS)
