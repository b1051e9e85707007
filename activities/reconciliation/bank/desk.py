"""Answers the Bank port: statements are read here, and judged in the database."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Protocol

import asyncpg

from activities.reconciliation.bank.reading import read_statements
from activities.reconciliation.bank.settings import BankSettings
from activities.reconciliation.bank.statements import BankStatement, StatementBroken
from workflows.domain.bank import BankMatched, BankMatching, StatementFile, StatementTaken
from workflows.ports import Bank

_TAKE = "SELECT state, reason, applied, waiting FROM bank_take($1, $2, $3, $4)"
_MATCH = "SELECT matched, to_book, open_breaks FROM bank_match($1, $2)"
_TIMEOUT = 60.0
"""Seconds: what has been open for long is looked at with what is new."""


class Kept(Protocol):
    def chunks(self, stored_as: str) -> AsyncIterator[bytes]:
        """Of one file, in its order."""
        ...


class BankDesk(Bank):
    def __init__(self, pool: asyncpg.Pool, settings: BankSettings, originals: Kept) -> None:
        self._pool = pool
        self._settings = settings
        self._originals = originals
        self._receivers = _receivers(settings)

    async def take_statement(self, file: StatementFile) -> StatementTaken:
        """The whole file counts or is quarantined. Raises what the originals raise."""
        content, digest = await self._content(file.stored_as)
        reason, statements = None, list[dict[str, Any]]()
        try:
            statements = await asyncio.to_thread(self._read, content)
        except StatementBroken as broken:
            reason = str(broken)
        row = await self._one(_TAKE, digest, file.stored_as, reason, statements)
        return StatementTaken(**dict(row))

    async def match_bank(self, matching: BankMatching) -> BankMatched:
        moment = datetime.fromisoformat(matching.as_of)
        row = await self._one(_MATCH, moment, self._receivers)
        return BankMatched(
            matched=row["matched"], to_book=row["to_book"], breaks=row["open_breaks"]
        )

    async def _one(self, query: str, *values: object) -> asyncpg.Record:
        row = await self._pool.fetchrow(query, *values, timeout=_TIMEOUT)
        if row is None:
            raise LookupError("a function that gives one row gave none")
        return row

    async def _content(self, stored_as: str) -> tuple[bytes | None, bytes]:
        """None where it is too large; and what all of it is known by."""
        digest, kept = hashlib.sha256(), bytearray()
        async for chunk in self._originals.chunks(stored_as):
            digest.update(chunk)
            kept += chunk[: self._settings.statement_bytes + 1 - len(kept)]
        whole = len(kept) <= self._settings.statement_bytes
        return (bytes(kept) if whole else None), digest.digest()

    def _read(self, content: bytes | None) -> list[dict[str, Any]]:
        if content is None:
            raise StatementBroken(f"larger than {self._settings.statement_bytes} bytes")
        return [self._row(statement) for statement in read_statements(content)]

    def _row(self, statement: BankStatement) -> dict[str, Any]:
        name = self._settings.name_of(statement.account_number, statement.currency)
        if name is None:
            raise StatementBroken("an account that is not in PAYSAGA_BANK_ACCOUNTS")
        return {
            "bank_account": name,
            "currency": statement.currency,
            "number": statement.number,
            "sequence": statement.sequence,
            "ends": statement.ends.isoformat(),
            "opening": statement.opening,
            "closing": statement.closing,
            "content": statement.content,
            "entries": [
                [
                    entry.amount_minor,
                    entry.booked_on.isoformat(),
                    entry.value_on and entry.value_on.isoformat(),
                    entry.reference,
                ]
                for entry in statement.entries
            ],
        }


def _receivers(settings: BankSettings) -> list[dict[str, Any]]:
    """A row for each merchant account that pays to a bank account, and for each that none pays."""
    return [
        {
            "bank_account": name,
            "only_payouts": account.only_payouts,
            "psp": payer.partition("/")[0],
            "account": payer.partition("/")[2],
        }
        for name, account in settings.accounts.items()
        for payer in (account.receives or ("/",))
    ]
