"""Everything the PSP truly did, in order; written in the transaction of the effect itself."""

from __future__ import annotations

import time
from typing import Any

from infra.sandbox_psp.operations import Operation
from infra.sandbox_psp.store import Store
from infra.sandbox_psp.wire import rfc3339

_ENTER = """
INSERT INTO journal (operation, id, reference, merchant_account, player_id, amount, currency,
                     outcome, code, idempotency_key, trace_id, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_LAST = "\U0010ffff"


def enter(store: Store, done: Operation) -> None:
    store.run(
        _ENTER,
        done.operation,
        done.id,
        done.reference,
        done.merchant_account,
        done.player_id,
        done.amount,
        done.currency,
        done.status,
        done.code,
        done.idempotency_key,
        done.trace_id,
        time.time(),
    )


def read(
    store: Store, *, prefix: str = "", operation: str = "", limit: int = -1
) -> list[dict[str, Any]]:
    """The oldest first; a limit of -1 is none."""
    rows = store.rows(
        "SELECT * FROM journal WHERE reference >= ? AND reference < ? "
        "AND (? = '' OR operation = ?) ORDER BY sequence LIMIT ?",
        prefix,
        prefix + _LAST,
        operation,
        operation,
        limit,
    )
    return [{**dict(row), "at": rfc3339(row["at"])} for row in rows]
