"""What the inbox cannot settle itself becomes a case: something a person decides.

Each is opened by a statement that may be repeated: whoever dies after it opens nothing twice.
"""

from __future__ import annotations

from typing import Any

import asyncpg

from workflows.domain.events import PspEvent
from workflows.domain.money import Money

ABOUT = "SELECT id, psp, event_id, payment_id, event FROM inbox_events WHERE id = ANY($1)"
# An event that a person had delivered again may need one again: a case that was resolved does not
# come back, so the key counts how often that was; one that is open is enough.
_OPEN = """
SELECT inbox_open_case(
    $1, $2::text || coalesce(
        (SELECT ':' || count(*) FROM inbox_redeliveries WHERE event_id = $1 HAVING count(*) > 0), ''
    ), $3, $4, $5)
WHERE NOT EXISTS (
    SELECT FROM cases c JOIN inbox_events e ON e.payment_id = c.payment_id
    WHERE e.id = $1 AND c.state = 'open' AND (c.key = $2 OR starts_with(c.key, $2 || ':')))
"""


async def contested(pool: asyncpg.Pool, first: asyncpg.Record, later: PspEvent) -> None:
    """One event id was told with two sets of facts."""
    kept = first["event"]
    sentence = f"{later.operation} {later.reply.kind} of {later.amount} for {later.key}"
    await pool.execute(
        _OPEN,
        first["id"],
        f"{first['psp']}:{first['event_id']}:contested",
        "contradiction",
        f"{first['psp']} told event {first['event_id']} twice, and not the same: the first counts",
        {"event_id": first["event_id"], "first": _sentence(kept), "later": sentence},
    )


async def waits(pool: asyncpg.Pool, row: asyncpg.Record) -> None:
    """An event found no run to take it for long: of an unknown payment, or of one without a run."""
    kind = "unexpected_event" if row["known"] else "unknown_reference"
    why = "which has no run" if row["known"] else "which we do not know"
    await _open(pool, row, kind, f"{_tells(row)}, {why}; it is delivered as soon as it can be")


async def not_ours(pool: asyncpg.Pool, row: asyncpg.Record) -> None:
    """The reference is none that we could ever have given."""
    await _open(pool, row, "unknown_reference", f"{_tells(row)}, which is no reference of ours")


async def undeliverable(pool: asyncpg.Pool, row: asyncpg.Record, why: str) -> None:
    """The run would not take it, however often it was tried."""
    summary = f"{_tells(row)}: its run does not take it"
    await _open(pool, row, "unexpected_event", summary, why=why)


async def _open(
    pool: asyncpg.Pool, row: asyncpg.Record, kind: str, summary: str, **more: str
) -> None:
    facts = {"event_id": row["event_id"], "type": str(row["event"]["raw_type"]), **more}
    key = f"{row['psp']}:{row['event_id']}:{kind}"
    await pool.execute(_OPEN, row["id"], key, kind, summary, facts)


def _tells(row: asyncpg.Record) -> str:
    return f"{row['psp']} reports {_sentence(row['event'])}"


def _sentence(event: dict[str, Any]) -> str:
    amount = Money(**event["amount"])
    return f"{event['operation']} {event['reply']['kind']} of {amount} for {event['key']}"
