"""The books of one merchant account in small: what we expect, and what its PSP reports."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from activities.reconciliation.matching.matcher import Matcher
from workflows.domain.psp import MerchantAccount
from workflows.domain.reconciliation import Matched, Matching

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
_EXPECT = """
INSERT INTO expectations (key, movement, number, payment_id, brand, psp, account, method, currency,
    amount_minor, psp_ref, done_at, due_at)
VALUES ($1, $2, $3, $4, 'acme', 'sandbox', $5, 'card', $6, $7, $8, $9, $10) RETURNING id
"""
_FILE = """
INSERT INTO settlement_files (psp, account, kind, name, period, sequence, version, sha256,
    size_bytes, stored_as, state, summary, applied_at, replaces)
VALUES ('sandbox', $1, 'k', 'n', $2, 1, $3, $4, 1, 's', 'applied', '{}', $5, $6) RETURNING id
"""
_COLUMNS = (
    "file_id", "place", "psp", "account", "identity", "movement", "currency", "gross",
    "net_currency", "net", "fee", "rate", "batch", "booked_at", "raw_type", "key", "psp_ref",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """As the PSP reports it: by default a capture of 10.00 EUR without a fee."""

    key: str | None = None
    gross: int = 1000
    movement: str = "capture"
    currency: str = "EUR"
    fee: int = 0
    net: int | None = None
    net_currency: str | None = None
    rate: str | None = None
    batch: str | None = None
    psp_ref: str | None = None
    booked_at: datetime = NOON
    identity: str = "line"

    def values(self, file: int, place: int, account: str) -> tuple[Any, ...]:
        net = self.gross + self.fee if self.net is None else self.net
        return (
            file, place, "sandbox", account, self.identity, self.movement, self.currency,
            self.gross, self.net_currency or self.currency, net, self.fee, self.rate, self.batch,
            self.booked_at, "raw", self.key, self.psp_ref,
        )  # fmt: skip


@dataclass(frozen=True)
class Expected:
    """A movement of ours; it is missing three days after it was done."""

    key: str
    amount: int = 1000
    movement: str = "capture"
    currency: str = "EUR"
    number: int = 1
    psp_ref: str | None = None
    done_at: datetime = NOON
    delay: timedelta = timedelta(days=3)


def a_key(step: str = "capture", prefix: str = "in") -> str:
    return f"{prefix}_{uuid.uuid4().hex}:{step}"


@dataclass
class Books:
    pool: asyncpg.Pool
    owner: asyncpg.Pool
    account: str
    periods: dict[str, tuple[int, int]] = field(default_factory=dict)

    async def expect(self, *movements: Expected) -> list[int]:
        return [
            await self.owner.fetchval(
                _EXPECT, m.key, m.movement, m.number, m.key.partition(":")[0], self.account,
                m.currency, m.amount, m.psp_ref, m.done_at, m.done_at + m.delay,
            )
            for m in movements
        ]  # fmt: skip

    async def report(
        self, *lines: Line, period: str | None = None, applied_at: datetime = NOON
    ) -> int:
        """A file that counts; one of a known period takes the place of the one before."""
        period = period or uuid.uuid4().hex
        replaced, version = self.periods.get(period, (None, 0))
        async with self.owner.acquire() as connection, connection.transaction():
            if replaced:
                await connection.execute(
                    "UPDATE settlement_files SET state = 'replaced' WHERE id = $1", replaced
                )
            file: int = await connection.fetchval(
                _FILE, self.account, period, version + 1, uuid.uuid4().bytes * 2, applied_at,
                replaced,
            )  # fmt: skip
            await connection.copy_records_to_table(
                "settlement_lines",
                columns=_COLUMNS,
                records=[line.values(file, n, self.account) for n, line in enumerate(lines, 1)],
            )
        self.periods[period] = (file, version + 1)
        return file

    async def match(self, as_of: datetime = NOON + timedelta(hours=1), **options: Any) -> Matched:
        run = Matching(
            account=MerchantAccount("sandbox", self.account), as_of=as_of.isoformat(), **options
        )
        return await Matcher(self.pool).match(run)

    async def breaks(self) -> list[tuple[str, str | None]]:
        """Class and key of those that are open."""
        rows = await self.owner.fetch(
            "SELECT class, key FROM breaks WHERE account = $1 AND closed_at IS NULL ORDER BY 1, 2",
            self.account,
        )
        return [(row[0], row[1]) for row in rows]

    async def closed(self) -> list[tuple[str, str]]:
        rows = await self.owner.fetch(
            "SELECT class, closed_by FROM breaks WHERE account = $1 AND closed_at IS NOT NULL "
            "ORDER BY id",
            self.account,
        )
        return [(row[0], row[1]) for row in rows]

    async def state(self) -> list[tuple[Any, ...]]:
        """Everything that the matching writes, without ids that depend on an order."""
        return [
            tuple(row)
            for query in (
                "SELECT 'open', key, number, amount_minor FROM expectations WHERE account = $1",
                "SELECT 'settled', key, number, amount_minor FROM settled WHERE account = $1",
                "SELECT 'break', class, coalesce(differs, ''), key, ours_minor, theirs_minor "
                "FROM breaks WHERE account = $1 AND closed_at IS NULL",
            )
            for row in await self.owner.fetch(f"{query} ORDER BY 2, 3, 4", self.account)
        ]


def doubled(lines: Iterable[Line]) -> list[Line]:
    return [replace(line, identity=f"{line.identity}:2") for line in lines]


def sums_to_zero(lines: Sequence[Line], batch: str) -> list[Line]:
    """With the payout of each net currency."""
    of_batch = [replace(line, batch=batch) for line in lines]
    nets: dict[str, int] = {}
    for line in of_batch:
        currency = line.net_currency or line.currency
        net = line.gross + line.fee if line.net is None else line.net
        nets[currency] = nets.get(currency, 0) + net
    payouts = [
        Line(gross=0, net=-net, currency=currency, movement="transfer", batch=batch)
        for currency, net in nets.items()
    ]
    return of_batch + payouts
