"""One audit: every invariant, on a system that is working meanwhile.

The database is read in one snapshot, so that no payment is seen half-way. The PSP's book is read
after it and knows at least as much. What is younger than the patience is told as under way.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
from asyncpg.pool import PoolConnectionProxy as Connection
from temporalio.client import Client

from activities.audit import psp_book
from activities.audit.card_numbers.database import in_database
from activities.audit.card_numbers.histories import in_histories
from activities.audit.card_numbers.logs import in_logs
from activities.audit.checking import Told, run
from activities.audit.checks import checks
from activities.audit.progress import Progress
from activities.audit.report import Finding, Report, unchecked
from activities.audit.runs import Runs
from activities.audit.scope import STANDARD, Scope

_OWN = ("ledger", "house", "expectations", "payments", "deliveries", "guards")
_WITH_PSP = "psp_book"


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
    parameters = Told(patience=scope.patience, waiting=scope.waiting, psp=scope.psp)
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.execute("SELECT FROM payments LIMIT 1")
        if journal_url is not None:
            parameters = replace(parameters, journal=await psp_book.journal(journal_url))
        found = await books(connection, parameters, has_book=journal_url is not None)
        found.append(await in_database(connection, scope.rows_per_table))
    found += await _runs(pool, client, scope)
    found.append(await in_histories(client, scope.histories))
    if scope.logs:
        found.append(await asyncio.to_thread(in_logs, scope.logs))
    return Report(sorted(found, key=lambda finding: int(finding.invariant[1:])))


async def books(connection: Connection, parameters: Told, *, has_book: bool) -> list[Finding]:
    """What the database can answer, in one snapshot of the caller's."""
    found = [await run(check, connection, parameters) for file in _OWN for check in checks(file)]
    for check in checks(_WITH_PSP):
        if has_book:
            found.append(await run(check, connection, parameters))
        else:
            found.append(unchecked(check.invariant, check.name, "no book of the PSP's own"))
    return found


async def _runs(pool: asyncpg.Pool, client: Client, scope: Scope) -> list[Finding]:
    runs = Runs(pool, client, scope.patience, scope.described_runs)
    running = await runs.running()
    return [
        await runs.of_every_payment(running),
        await runs.without_payment(running),
        await Progress(client, scope.described_runs).getting_nowhere(running),
    ]
