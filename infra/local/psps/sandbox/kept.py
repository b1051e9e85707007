"""What the PSP keeps, in its database: a kill loses nothing of it.

Each runs in the transaction of the effect it belongs to, where there is one.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from infra.local.psps.base.idempotency import Answer, Kept
from infra.local.psps.base.outbox import Event
from infra.local.psps.base.wire import rfc3339
from infra.local.psps.sandbox.database import Database

_LAST = "\U0010ffff"
"""Behind everything that begins with a prefix."""
_ENTER = """
INSERT INTO journal (operation, id, reference, merchant_account, player_id, amount, currency,
                     outcome, code, idempotency_key, trace_id, at)
VALUES (:operation, :id, :reference, :merchant_account, :player_id, :amount, :currency,
        :outcome, :code, :idempotency_key, :trace_id, :at)
"""
_NEXT = """
SELECT * FROM outbox WHERE due_at IS NOT NULL AND blocked = 0 ORDER BY due_at LIMIT ?
"""
_PUT = """
INSERT INTO outbox (id, subject, type, reference, body, created_at, due_at, blocked)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,
        EXISTS (SELECT 1 FROM outbox WHERE subject = ?2 AND due_at IS NOT NULL))
"""
_UNBLOCK = """
UPDATE outbox SET blocked = 0 WHERE sequence = (
    SELECT min(sequence) FROM outbox WHERE subject = ? AND due_at IS NOT NULL)
"""


class Entries:
    """Of the journal."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, entry: Mapping[str, Any]) -> None:
        self._database.run(_ENTER, **entry)

    def read(self, prefix: str, operation: str, limit: int | None) -> list[dict[str, Any]]:
        rows = self._database.rows(
            "SELECT * FROM journal WHERE reference >= ? AND reference < ? "
            "AND (? = '' OR operation = ?) ORDER BY sequence LIMIT ?",
            prefix,
            prefix + _LAST,
            operation,
            operation,
            -1 if limit is None else limit,
        )
        return [dict(row) for row in rows]


class Events:
    """Those of one subject stand in line: the earliest undelivered one blocks the others."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.paused = database.kept("paused") == "yes"

    def add(self, event: Event) -> None:
        self._database.run(
            _PUT,
            event.id,
            event.subject,
            event.type,
            event.reference,
            event.body,
            event.created_at,
            event.due_at,
        )

    def next(self, limit: int) -> list[Event]:
        return [_event(row) for row in self._database.rows(_NEXT, limit)]

    def delivered(self, event: Event, answer: str) -> None:
        with self._database.transaction():
            self._database.run(
                "UPDATE outbox SET delivered_at = ?, attempts = attempts + 1, last_answer = ?, "
                # A resend that was ordered meanwhile stays due.
                "due_at = nullif(due_at, ?) WHERE id = ?",
                time.time(),
                answer,
                event.due_at,
                event.id,
            )
            self._database.run(_UNBLOCK, event.subject)

    def refused(self, event: Event, answer: str, due_at: float) -> None:
        self._database.run(
            "UPDATE outbox SET due_at = ?, attempts = attempts + 1, last_answer = ? WHERE id = ?",
            due_at,
            answer,
            event.id,
        )

    def resend(self, event_id: str) -> bool:
        found = self._database.run(
            "UPDATE outbox SET due_at = ?, blocked = 0, attempts = 0 WHERE id = ?",
            time.time(),
            event_id,
        )
        return found == 1

    def pause(self, paused: bool) -> None:
        self._database.keep("paused", "yes" if paused else "no")
        self.paused = paused

    def read(self, prefix: str) -> list[Event]:
        rows = self._database.rows(
            "SELECT * FROM outbox WHERE reference >= ? AND reference < ? ORDER BY sequence",
            prefix,
            prefix + _LAST,
        )
        return [_event(row) for row in rows]

    def more(self, event: Event) -> Mapping[str, Any]:
        return {
            "created_at": rfc3339(event.created_at),
            "delivered_at": event.delivered_at and rfc3339(event.delivered_at),
            "next_attempt_at": event.due_at and rfc3339(event.due_at),
        }


class Answers:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, account: str, key: str) -> Kept | None:
        row = self._database.row(
            "SELECT * FROM answers WHERE merchant_account = ? AND idempotency_key = ?",
            account,
            key,
        )
        if row is None:
            return None
        return Kept(row["request"], Answer(row["status"], row["body"]), row["at"])

    def put(self, account: str, key: str, kept: Kept) -> None:
        self._database.run(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
            account,
            key,
            kept.request,
            kept.answer.status,
            kept.answer.body,
            kept.at,
        )


class Orders:
    """Of faults."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> list[tuple[int, str]]:
        rows = self._database.rows("SELECT id, told FROM faults ORDER BY id")
        return [(row["id"], row["told"]) for row in rows]

    def add(self, document: str) -> int:
        self._database.run("INSERT INTO faults (told) VALUES (?)", document)
        row = self._database.row("SELECT max(id) AS id FROM faults")
        assert row is not None  # noqa: S101
        return int(row["id"])

    def change(self, number: int, document: str) -> None:
        self._database.run("UPDATE faults SET told = ? WHERE id = ?", document, number)

    def delete(self, number: int) -> None:
        self._database.run("DELETE FROM faults WHERE id = ?", number)

    def clear(self) -> None:
        self._database.run("DELETE FROM faults")


def _event(row: sqlite3.Row) -> Event:
    return Event(
        id=row["id"],
        type=row["type"],
        account="",
        reference=row["reference"],
        body=row["body"],
        subject=row["subject"],
        due_at=row["due_at"],
        attempts=row["attempts"],
        last_answer=row["last_answer"],
        created_at=row["created_at"],
        delivered_at=row["delivered_at"],
    )
