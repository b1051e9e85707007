"""The local server's list of runs: without the indexes by which nobody here looks for any.

It comes with an index for each attribute that could ever be defined, 58 of them, and each run has
an entry in every one: half of its file, and a seventh of the CPU of a short run. What has no index
can be asked for all the same, and is then looked for row by row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

_TABLE = "executions_visibility"
_ALWAYS = frozenset(
    {
        "default_idx",
        "by_execution_time",
        "by_status",
        "by_workflow_id",
        "by_workflow_type",
        # Of the server's own questions, as for what a schedule started.
        "by_temporal_namespace_division",
        "by_temporal_scheduled_by_id",
    }
)
_PATIENCE_SECONDS = 30.0
"""For the lock, which the running server takes for some milliseconds at a time."""


def drop_idle_indexes(file: Path, kinds: Collection[str]) -> int:
    """Give how many there were. `kinds`: of our own attributes, as in `by_<kind>_01`.

    Raises sqlite3.Error for a file that is none of the server's.
    """
    ours = tuple(f"by_{kind}_" for kind in kinds)
    with closing(
        sqlite3.connect(file, timeout=_PATIENCE_SECONDS, isolation_level=None)
    ) as database:
        rows = database.execute(
            "SELECT name FROM sqlite_master"
            " WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
            (_TABLE,),
        ).fetchall()
        idle = [name for (name,) in rows if name not in _ALWAYS and not name.startswith(ours)]
        for name in idle:
            database.execute(f'DROP INDEX "{name}"')
    return len(idle)
