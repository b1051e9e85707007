"""Webhooks that wait to be delivered; they wait in the database until a 2xx."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import Any

import orjson

from infra.sandbox_psp.operations import Operation
from infra.sandbox_psp.store import Store
from infra.sandbox_psp.wire import rfc3339

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0
_NEXT = """
SELECT sequence, id, subject, body, attempts, due_at FROM outbox
WHERE due_at IS NOT NULL AND blocked = 0 ORDER BY due_at LIMIT ?
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


@dataclass(frozen=True)
class Waiting:
    """The earliest undelivered event of its subject: the others stand in line behind it."""

    sequence: int
    id: str
    subject: str
    body: bytes
    attempts: int
    due_at: float


class Outbox:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.bell = asyncio.Event()
        """Set when there may be something to send; the event loop looks after the commit."""
        self.paused = store.kept("paused") == "yes"

    def put(self, result: Operation, view: dict[str, Any], *, withheld: bool) -> None:
        """Within the transaction of the result. Withheld: sent only when somebody says resend."""
        now = time.time()
        event = f"evt_{secrets.token_hex(12)}"
        kind = f"{result.operation}.{result.status}"
        told = {"id": event, "type": kind, "created_at": rfc3339(now), "data": view}
        self._store.run(
            _PUT,
            event,
            result.subject,
            kind,
            result.reference,
            orjson.dumps(told),
            now,
            None if withheld else now,
        )
        self.bell.set()

    def next(self, limit: int) -> list[Waiting]:
        return [Waiting(**dict(row)) for row in self._store.rows(_NEXT, limit)]

    def delivered(self, event: Waiting, answer: str) -> None:
        with self._store.transaction():
            self._store.run(
                "UPDATE outbox SET delivered_at = ?, attempts = attempts + 1, last_answer = ?, "
                # A resend that was ordered meanwhile stays due.
                "due_at = nullif(due_at, ?) WHERE sequence = ?",
                time.time(),
                answer,
                event.due_at,
                event.sequence,
            )
            self._store.run(_UNBLOCK, event.subject)

    def refused(self, event: Waiting, answer: str) -> None:
        pause = min(_FIRST_PAUSE * 2 ** min(event.attempts, 20), _LONGEST_PAUSE)
        self._store.run(
            "UPDATE outbox SET due_at = ?, attempts = attempts + 1, last_answer = ? "
            "WHERE sequence = ?",
            time.time() + pause,
            answer,
            event.sequence,
        )

    def resend(self, event_id: str) -> bool:
        """Under the same id and with the same body; False where there is no such event."""
        found = self._store.run(
            "UPDATE outbox SET due_at = ?, blocked = 0, attempts = 0 WHERE id = ?",
            time.time(),
            event_id,
        )
        self.bell.set()
        return found == 1

    def pause(self, paused: bool) -> None:
        self._store.keep("paused", "yes" if paused else "no")
        self.paused = paused
        self.bell.set()

    def read(self) -> list[dict[str, Any]]:
        rows = self._store.rows("SELECT * FROM outbox ORDER BY sequence")
        return [_view(dict(row)) for row in rows]


def _view(row: dict[str, Any]) -> dict[str, Any]:
    state = "waiting" if row["due_at"] is not None else "withheld"
    if row["delivered_at"] is not None and row["due_at"] is None:
        state = "delivered"
    return {
        "id": row["id"],
        "type": row["type"],
        "reference": row["reference"],
        "state": state,
        "attempts": row["attempts"],
        "last_answer": row["last_answer"],
        "created_at": rfc3339(row["created_at"]),
        "delivered_at": row["delivered_at"] and rfc3339(row["delivered_at"]),
        "next_attempt_at": row["due_at"] and rfc3339(row["due_at"]),
    }
