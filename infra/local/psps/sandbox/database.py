"""The database: one file, one connection, one writer at a time.

Everything runs on the event loop's thread and a transaction never awaits: that is the guard. A
commit reaches the operating system before the answer leaves, which a kill -9 cannot undo.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = Path(__file__).with_name("schema.sql").read_text()


class Database:
    def __init__(self, path: Path) -> None:
        """Opens or makes the file. Raises OSError or sqlite3.Error."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=1.0)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(_SCHEMA)
        self._add_what_an_older_file_has_not()

    def _add_what_an_older_file_has_not(self) -> None:
        there = {row["name"] for row in self.rows("PRAGMA table_info(operations)")}
        if "taken_at_once" not in there:
            self.run("ALTER TABLE operations ADD taken_at_once INTEGER NOT NULL DEFAULT 0")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; committed when the block ends."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # A full disk has ended the transaction already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def run(self, statement: str, *values: Any, **named: Any) -> int:
        """Returns how many rows were touched."""
        return self._connection.execute(statement, named or values).rowcount

    def row(self, statement: str, *values: Any) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
        return found

    def rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        return self._connection.execute(statement, values).fetchall()

    def keep(self, name: str, value: str) -> None:
        self.run("INSERT OR REPLACE INTO kept VALUES (?, ?)", name, value)

    def kept(self, name: str) -> str | None:
        found = self.row("SELECT value FROM kept WHERE name = ?", name)
        return None if found is None else str(found["value"])

    def close(self) -> None:
        self._connection.close()
