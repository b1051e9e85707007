"""One audit: every invariant, on a system that is working meanwhile.

The database is read in one snapshot, so that no payment is seen half-way. The PSP's book is read
after it and knows at least as much. What is younger than the patience is told as under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import asyncpg
from asyncpg.pool import PoolConnectionProxy as Connection
from temporalio.client import Client

from activities.audit import card_numbers, psp_book
from activities.audit.checks import Told, checks, run
from activities.audit.report import Finding, Report, unchecked
from activities.audit.runs import Runs

_OWN = ("ledger", "payments", "deliveries", "guards")
_WITH_PSP = "psp_book"


@dataclass(frozen=True, kw_only=True)
class Scope:
    """How long something may be under way, and how much is read. None reads everything."""

    patience: timedelta = timedelta(minutes=5)
    waiting: timedelta = timedelta(hours=25)
    """How long an event may wait for a payment that we do not know, before it must have a case."""
    rows_per_table: int | None = None
    histories: int | None = 500
    described_runs: int = 1000
    logs: Sequence[Path] = ()
    psp: str = "sandbox"
    """Whose book the journal is."""


STANDARD = Scope()


async def audit(
    pool: asyncpg.Pool,
    client: Client,
    journal_url: str | None = None,
    scope: Scope = STANDARD,
) -> Report:
    """Check I1 to I12; `journal_url` is where a sandbox PSP shows what it truly did.

    Raises NoJournal, asyncpg.PostgresError, OSError, RPCError, or RuntimeError (a client that
    never reached its server): what could not be read is not reported as sound.
    """
    told = Told(patience=scope.patience, waiting=scope.waiting, psp=scope.psp)
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.execute("SELECT FROM payments LIMIT 1")
        if journal_url is not None:
            told = replace(told, journal=await psp_book.journal(journal_url))
        found = await books(connection, told, has_book=journal_url is not None)
        found.append(await card_numbers.in_database(connection, scope.rows_per_table))
    found += await _runs(pool, client, scope)
    found.append(await card_numbers.in_histories(client, scope.histories))
    if scope.logs:
        found.append(await asyncio.to_thread(card_numbers.in_logs, scope.logs))
    return Report(sorted(found, key=lambda finding: int(finding.invariant[1:])))


async def books(connection: Connection, told: Told, *, has_book: bool) -> list[Finding]:
    """What the database can answer, in one snapshot of the caller's."""
    found = [await run(check, connection, told) for file in _OWN for check in checks(file)]
    for check in checks(_WITH_PSP):
        if has_book:
            found.append(await run(check, connection, told))
        else:
            found.append(unchecked(check.invariant, check.name, "no book of the PSP's own"))
    return found


async def _runs(pool: asyncpg.Pool, client: Client, scope: Scope) -> list[Finding]:
    runs = Runs(pool, client, scope.patience, scope.described_runs)
    running = await runs.running()
    return [
        await runs.of_every_payment(running),
        await runs.without_payment(running),
        await runs.getting_nowhere(running),
    ]
