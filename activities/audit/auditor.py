"""Audits for somebody who waits on the line: of bounded size and time, one at a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
from temporalio.client import Client

from activities.audit.audit import audit
from activities.audit.report import Report
from activities.audit.scope import Scope
from activities.audit.settings import journal_url
from infra.settings import Inbox

SECONDS_AT_MOST = 20.0
_ROWS_PER_TABLE = 500
_HISTORIES = 20
_DESCRIBED_RUNS = 100


class AuditUnderWay(Exception):
    """Somebody else's is not done yet."""


class AuditTooLong(Exception):
    """The books are too large for somebody on the line: `make audit` has the time."""


class Auditor:
    def __init__(
        self, pool: asyncpg.Pool, client: Client, journal_url: str | None, scope: Scope
    ) -> None:
        self._pool, self._client = pool, client
        self._journal_url, self._scope = journal_url, scope
        self._at_work = asyncio.Lock()

    @classmethod
    def of(cls, profile: str, inbox: Inbox, pool: asyncpg.Pool, client: Client) -> Auditor:
        """The sandbox PSP's book is compared in the sandbox profile, when we know where it is."""
        sandbox = profile == "sandbox"
        scope = Scope(
            waiting=timedelta(hours=inbox.unknown_hours + 1),
            rows_per_table=_ROWS_PER_TABLE,
            histories=_HISTORIES,
            described_runs=_DESCRIBED_RUNS,
        )
        return cls(pool, client, journal_url() if sandbox else None, scope)

    async def report(self) -> Report:
        """Raises AuditUnderWay, AuditTooLong, and what an audit raises when it cannot read."""
        if self._at_work.locked():
            raise AuditUnderWay
        async with self._at_work:
            try:
                async with asyncio.timeout(SECONDS_AT_MOST):
                    return await audit(self._pool, self._client, self._journal_url, self._scope)
            except TimeoutError as late:
                raise AuditTooLong from late
