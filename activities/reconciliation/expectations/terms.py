"""Telling the database how long a movement may wait for its line, once when a worker starts."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from activities.reconciliation.settings import Term

_WRITE = "SELECT expectation_terms($1)"


async def write_terms(pool: asyncpg.Pool, terms: Sequence[Term]) -> None:
    """What is open keeps the day on which it is due. Raises asyncpg.PostgresError or OSError."""
    await pool.execute(_WRITE, [as_row(each) for each in terms])


def as_row(term: Term) -> dict[str, str | float]:
    """As `expectation_terms` takes it: delays in hours."""
    return {
        "psp": term.psp,
        "account": term.account,
        "method": term.method,
        "delay": term.delay_hours,
        "bank_delay": term.bank_delay_hours,
    }
