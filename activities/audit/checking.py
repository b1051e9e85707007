"""Asking the database a check."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from asyncpg.pool import PoolConnectionProxy as Connection

from activities.audit.checks import Check
from activities.audit.report import Finding

_SECONDS = 120.0
"""A full scan of a large ledger takes longer than a command of a payment may."""


@dataclass(frozen=True, kw_only=True)
class Told:
    patience: timedelta
    """So long may a payment, a webhook or an outgoing event be under way; beyond, it is wrong."""
    waiting: timedelta
    """So long an event may wait for a payment that we do not know."""
    psp: str
    """The PSP whose own book is compared."""
    journal: list[dict[str, Any]] = field(default_factory=list)
    """That book: everything it truly did, oldest first."""


_KINDS = {"patience": "interval", "waiting": "interval", "psp": "text", "journal": "jsonb"}


async def run(check: Check, connection: Connection, parameters: Told) -> Finding:
    """Raises asyncpg.PostgresError or OSError."""
    compared = await _ask(connection, check.compared, parameters)
    wrong = await _ask(connection, check.wrong, parameters)
    return Finding(
        check.invariant,
        check.name,
        "; ".join(row[0] for row in compared) or "nothing yet",
        [row[0] for row in wrong],
        wrong[0][1] if wrong else 0,
    )


async def _ask(connection: Connection, query: str, parameters: Told) -> list[Any]:
    values = []
    for name, kind in _KINDS.items():
        if f":{name}" in query:
            values.append(getattr(parameters, name))
            query = query.replace(f":{name}", f"${len(values)}::{kind}")
    return await connection.fetch(query, *values, timeout=_SECONDS)
