"""`python -m tests.bench.reconciliation [lines]`: a file against as many open expectations.

Each step beside a bare COPY and a bare hash join of the same rows, and all of it once more with ten
times as many settled movements in the past. fsync on. Machines are noisy: read the ratios, not the
numbers. Nothing here decides a test.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from rich.console import Console
from rich.table import Table

from activities.migrations import upgrade
from activities.reconciliation.matching.matcher import Matcher
from activities.reconciliation.matching.postings import Postings
from infra.local.stack.ports import free_ports
from infra.local.stack.postgres import Database, LocalPostgres
from infra.postgres import open_pool
from infra.running import run
from infra.settings import Postgres
from tests.bench.memory import Memory
from workflows.domain.psp import MerchantAccount
from workflows.domain.reconciliation import Matching
from workflows.domain.routing.accounts import Cost

LINES, PAST, PLANTED = 200_000, 10, 180
ACCOUNT = MerchantAccount("bench", "main")
DAY = datetime(2026, 11, 20, tzinfo=UTC)
EXPECT = """
INSERT INTO expectations (key, movement, payment_id, brand, psp, account, method, currency,
    amount_minor, psp_ref, done_at, due_at)
SELECT 'in_' || md5($1::text || n) || ':capture', 'capture', 'in_' || md5($1::text || n), 'acme',
    'bench', 'main', 'card', 'EUR', 1000 + n % 9000, 'ref-' || md5(n::text), $2::timestamptz,
    $2::timestamptz + interval '3 d'
FROM generate_series(1, $3::int) n
"""
LINE = """
SELECT $4::bigint, n, 'bench', 'main', $1 || n, 'capture', 'EUR', 1000 + n % 9000, 'EUR',
    980 + n % 9000, -20, 'batch-1', $2::timestamptz, 'Settled',
    'in_' || md5($1 || n::text) || ':capture', 'ref-' || md5(n::text)
FROM generate_series(1, $3::int) n
"""
COLUMNS = (
    "file_id", "place", "psp", "account", "identity", "movement", "currency", "gross",
    "net_currency", "net", "fee", "batch", "booked_at", "raw_type", "key", "psp_ref",
)  # fmt: skip
SETTLED = """
INSERT INTO settled (expectation_id, key, movement, number, payment_id, brand, psp, account, method,
    currency, amount_minor, psp_ref, done_at, due_at, file_id, place, settled_at)
SELECT -n, 'in_' || md5('past' || n) || ':capture', 'capture', 1, 'in_' || md5('past' || n), 'acme',
    'bench', 'main', 'card', 'EUR', 1000, 'past-' || n, $1::timestamptz, $1, -1, n, $1
FROM generate_series(1, $2::int) n
"""
FILE = """
INSERT INTO settlement_files (psp, account, kind, name, period, sequence, version, sha256,
    size_bytes, stored_as, state, summary, applied_at)
VALUES ('bench', 'main', 'k', $1::text, $1::text, 1, 1, sha256(convert_to($1::text, 'UTF8')), 1,
    's', 'applied', '{}', $2)
RETURNING id
"""
PLANT = """
UPDATE expectations SET amount_minor = amount_minor + 1
WHERE account = 'main' AND id % ($1::bigint / $2::bigint) = 0
"""
BARE = "DROP TABLE IF EXISTS bare; CREATE TABLE bare AS SELECT * FROM settlement_lines LIMIT 0"
JOIN = """
SELECT count(*) FROM settlement_lines l JOIN expectations e ON e.match = l.match
WHERE l.file_id = $1
"""


@dataclass
class Round:
    """Seconds by step, in the order in which they were taken; memory in MB."""

    settled_before: int
    seconds: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[None]:
        since = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - since

    @property
    def whole(self) -> float:
        return sum(took for name, took in self.seconds.items() if not name.startswith("bare"))


class Bench:
    def __init__(self, server: LocalPostgres, database: Database, folder: Path, lines: int) -> None:
        self._server, self._database, self._folder, self._lines = server, database, folder, lines

    async def round(self, number: int, settled_before: int) -> Round:
        """One day: its expectations are made, then its file comes."""
        day, made = DAY + timedelta(days=number), Round(settled_before)
        owner = await asyncpg.connect(self._database.migration_url, command_timeout=3600)
        await owner.execute(EXPECT, f"{number}-", day, self._lines)
        await owner.execute(PLANT, self._lines, PLANTED)
        file = await owner.fetchval(FILE, f"day-{number}", day)
        rows = self._folder / f"day-{number}"
        await owner.copy_from_query(LINE, f"{number}-", day, self._lines, file, output=rows)
        await owner.execute(BARE)
        await owner.execute("VACUUM ANALYZE expectations")
        admin = await asyncpg.connect(self._database.admin_url, command_timeout=3600)
        await admin.execute("CHECKPOINT")
        await admin.close()
        assert self._server.pid is not None
        async with Memory(self._server.pid) as memory:
            await self._measure(made, owner, rows, file, day)
        made.memory = memory.most
        await owner.close()
        return made

    async def _measure(
        self, made: Round, owner: asyncpg.Connection, rows: Path, file: int, day: datetime
    ) -> None:
        async with made.step("bare COPY"):
            await owner.copy_to_table("bare", columns=COLUMNS, source=rows)
        async with made.step("COPY with key and match"):
            await owner.copy_to_table("settlement_lines", columns=COLUMNS, source=rows)
        await owner.execute("SET work_mem = '48MB'")
        async with made.step("bare hash join"):
            assert await owner.fetchval(JOIN, file) == self._lines
        at = Postgres.model_validate({"url": self._database.worker_url, "pool_size": 1})
        async with await open_pool(at) as pool:
            async with pool.acquire() as connection:
                connection.add_query_logger(_into(made))
            found = await Matcher(pool).match(
                Matching(
                    account=ACCOUNT,
                    as_of=(day + timedelta(hours=1)).isoformat(),
                    contract=(Cost("EUR", 20),),
                )
            )
            async with made.step("post: commands of the file"):
                await Postings(pool).commands(file)
        planted = self._lines - found.matched
        assert found.breaks["amount_mismatch"] >= planted > 0, found


def _into(made: Round) -> Callable[[Any], None]:
    """Of each step of the matching how long it took."""

    def took(query: object) -> None:
        words = str(getattr(query, "query", ""))
        if "matching_" in words and "matching_commands" not in words:
            name = words.removeprefix("SELECT ").partition("(")[0]
            elapsed = float(getattr(query, "elapsed", 0.0))
            made.seconds[name] = made.seconds.get(name, 0.0) + elapsed

    return took


def _table(rounds: list[Round], lines: int) -> Table:
    table = Table(title=f"{lines:,} lines against {lines:,} expectations, fsync on")
    table.add_column("step")
    for one in rounds:
        table.add_column(f"s, {one.settled_before:,} settled before", justify="right")
        table.add_column("rows/s", justify="right")
    for name in rounds[0].seconds:
        table.add_row(name, *_cells([one.seconds.get(name, 0.0) for one in rounds], lines))
    table.add_section()
    table.add_row("all but the bare ones", *_cells([one.whole for one in rounds], lines))
    for name in rounds[0].memory:
        table.add_row(name, *(c for one in rounds for c in (f"{one.memory[name]:.0f} MB", "")))
    return table


def _cells(seconds: list[float], lines: int) -> list[str]:
    return [
        cell for s in seconds for cell in (f"{s:.2f}", f"{lines / s:,.0f}" if s > 0.005 else "")
    ]


async def main(lines: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = LocalPostgres(folder / "postgres", free_ports(1)[0], durable=True)
        await server.start()
        try:
            made = await server.create_database("bench", template="template0")
            await upgrade(
                Postgres.model_validate({"url": made.url, "migration_url": made.migration_url})
            )
            bench = Bench(server, made, folder, lines)
            rounds = [await bench.round(0, 0)]
            owner = await asyncpg.connect(made.migration_url, command_timeout=3600)
            await owner.execute(SETTLED, DAY, PAST * lines)
            await owner.execute("VACUUM ANALYZE settled")
            await owner.close()
            rounds.append(await bench.round(1, (PAST + 1) * lines))
        finally:
            await server.stop()
    Console(width=110).print(_table(rounds, lines))


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    run(main(asked)) if asked >= PLANTED else sys.exit("at least 180 lines")
