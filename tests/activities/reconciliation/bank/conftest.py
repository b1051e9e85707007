"""A database of the bank's own, and a desk with the accounts of one test."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from activities.reconciliation.bank.desk import BankDesk
from activities.reconciliation.bank.settings import BankSettings
from infra.local.stack.postgres import LocalPostgres
from infra.postgres import open_pool
from infra.settings import Postgres
from tests.activities.reconciliation.bank.samples import Booked, mt940
from tests.databases import a_database
from workflows.domain.bank import BankMatched, BankMatching, StatementFile, StatementTaken


class Kept:
    """Originals in memory, by what they are stored as."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    async def chunks(self, stored_as: str) -> AsyncIterator[bytes]:
        content = self.files[stored_as]
        for start in range(0, len(content), 1000):
            yield content[start : start + 1000]


@dataclass
class OurBank:
    """One bank account, and one merchant account that pays to it."""

    pool: asyncpg.Pool
    owner: asyncpg.Pool
    name: str
    number: str
    account: str
    settings: dict[str, Any]
    balance: Decimal = Decimal(0)
    statements: int = 0

    async def takes(self, content: bytes) -> StatementTaken:
        kept = Kept()
        stored_as = hashlib.sha256(content).hexdigest()
        kept.files[stored_as] = content
        desk = BankDesk(self.pool, self._read_settings(), kept)
        return await desk.take_statement(StatementFile(stored_as=stored_as))

    async def books(self, *entries: Booked, currency: str = "EUR") -> None:
        """The next statement, which follows the one before."""
        self.statements += 1
        opening = str(self.balance)
        content = mt940(
            self.number, opening, entries, number=str(self.statements), currency=currency
        )
        taken = await self.takes(content)
        assert (taken.state, taken.applied) == ("taken", 1), taken
        # The clock of the test is not that of the database.
        await self.owner.execute(
            "UPDATE bank_statements SET applied_at = '2026-11-30' WHERE bank_account = $1",
            self.name,
        )
        self.balance += sum(Decimal(entry.amount) for entry in entries)

    async def matches(self, as_of: str = "2026-12-01T00:00:00Z") -> BankMatched:
        desk = BankDesk(self.pool, self._read_settings(), Kept())
        return await desk.match_bank(BankMatching(as_of=as_of))

    async def pays_out(
        self,
        net: int,
        reference: str | None,
        *,
        batch: str | None = None,
        currency: str = "EUR",
        booked_at: str = "2026-11-30T10:00:00Z",
        file: int | None = None,
    ) -> int:
        """The PSP's file tells of it: `net` reaches us. Gives the file."""
        file = file or await self.owner.fetchval(
            "INSERT INTO settlement_files (psp, account, kind, name, period, sequence, version, "
            "sha256, size_bytes, stored_as, state, summary, applied_at) VALUES ('adyen', $1, 'k', "
            "'n', $2, 1, 1, $3, 1, 's', 'applied', '{}', $4) RETURNING id",
            self.account, uuid.uuid4().hex, uuid.uuid4().bytes * 2,
            datetime(2026, 11, 30, tzinfo=UTC),
        )  # fmt: skip
        await self.owner.execute(
            "INSERT INTO settlement_lines (file_id, place, psp, account, identity, movement, "
            "currency, gross, net_currency, net, fee, batch, bank_reference, booked_at, raw_type) "
            "SELECT $1, coalesce(max(place), 0) + 1, 'adyen', $2, $3, 'transfer', $4, 0, $4, $5, 0,"
            " $6, $7, $8, 'MerchantPayout' FROM settlement_lines WHERE file_id = $1",
            file, self.account, uuid.uuid4().hex, currency, -net, batch, reference,
            datetime.fromisoformat(booked_at),
        )  # fmt: skip
        return int(file)

    async def matched(self) -> list[tuple[str, int, str]]:
        rows = await self.owner.fetch(
            "SELECT m.payout, e.amount_minor, m.matched_by FROM bank_matches m "
            "JOIN bank_booked e USING (statement_id, place) WHERE m.account = $1 "
            "ORDER BY m.payout",
            self.account,
        )
        return [(row[0], row[1], row[2]) for row in rows]

    async def breaks(self) -> list[tuple[str, str | None, int | None, int | None, str | None]]:
        rows = await self.owner.fetch(
            "SELECT class, differs, ours_minor, theirs_minor, batch FROM breaks "
            "WHERE closed_at IS NULL AND account IN ($1, $2) ORDER BY 1, 2, 3, 4, 5",
            self.account, self.name,
        )  # fmt: skip
        return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]

    def _read_settings(self) -> BankSettings:
        mine = {"number": self.number, "receives": [f"adyen/{self.account}"], **self.settings}
        return BankSettings.model_validate({"accounts": {self.name: mine}})


@pytest.fixture(scope="package")
async def pools(
    postgres_server: LocalPostgres,
) -> AsyncIterator[tuple[asyncpg.Pool, asyncpg.Pool]]:
    """The worker's and the owner's."""
    async with a_database(postgres_server, "bank") as made:
        worker = Postgres.model_validate({"url": made.url, "pool_size": 4})
        owner = Postgres.model_validate({"url": made.migration_url, "pool_size": 2})
        async with await open_pool(worker) as pool, await open_pool(owner) as owners:
            yield pool, owners


def a_bank(pools: tuple[asyncpg.Pool, asyncpg.Pool]) -> OurBank:
    """That nobody else has."""
    word = uuid.uuid4().hex[:12]
    return OurBank(
        pool=pools[0],
        owner=pools[1],
        name=f"bank-{word}",
        number=f"ACC{word}".upper(),
        account=f"account-{word}",
        settings={},
    )


@pytest.fixture
def bank(pools: tuple[asyncpg.Pool, asyncpg.Pool]) -> OurBank:
    return a_bank(pools)
