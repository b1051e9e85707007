"""Wallet commands, spread and on one hot player, beside pgbench and a bare insert."""

from __future__ import annotations

import asyncio
import re
import tempfile
import uuid
from pathlib import Path

import asyncpg
from rich.table import Table

from activities.wallet.ledger import Ledger
from infra.local.stack.addresses import Stack
from infra.local.stack.cluster import find_programs
from infra.postgres import open_pool
from infra.settings import Postgres
from tests.bench.load import load
from workflows.domain.money import Money
from workflows.domain.psp import MerchantAccount
from workflows.domain.wallet import Credit, Player

CLIENTS, TOTAL = 32, 6000
HOUSE = MerchantAccount("sandbox", "primary")


async def bench_wallet(stack: Stack) -> Table:
    at = Postgres.model_validate(
        {"url": stack.postgres.database().worker_url, "pool_size": CLIENTS}
    )
    owner = Postgres.model_validate({"url": stack.postgres.migration_url, "pool_size": CLIENTS})
    async with await open_pool(at) as pool, await open_pool(owner) as bare:
        ledger = Ledger(pool)
        rates = {
            "bare insert of one row": await _inserts(bare),
            "credits, a player each": await _credits(ledger, players=CLIENTS, houses=CLIENTS),
            "credits, a player each, one house account": await _credits(ledger, CLIENTS, 1),
            "credits, one hot player": await _credits(ledger, players=1, houses=1),
        }
    rates["pgbench calling the function, a player each"] = await _pgbench(stack, CLIENTS)
    rates["pgbench calling the function, one hot player"] = await _pgbench(stack, 1)
    return _table(rates)


def _table(rates: dict[str, float]) -> Table:
    table = Table(title=f"Wallet commands, {CLIENTS} clients, fsync on")
    for name in ("what", "per second", "of pgbench", "of bare insert"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for name, rate in rates.items():
        spread = "hot player" not in name
        peer = rates[
            f"pgbench calling the function, {'a player each' if spread else 'one hot player'}"
        ]
        table.add_row(
            name,
            f"{rate:.0f}",
            f"{rate / peer:.0%}",
            f"{rate / rates['bare insert of one row']:.0%}",
        )
    return table


async def _credits(ledger: Ledger, players: int, houses: int) -> float:
    names = [f"bench-{uuid.uuid4().hex}" for _ in range(players)]

    async def credit(place: int) -> None:
        key = uuid.uuid4().hex
        command = Credit(
            key=key,
            player=Player("bench", names[place % players]),
            amount=Money(1, "EUR"),
            source=MerchantAccount("sandbox", f"house-{place % houses}"),
            payment_id=key,
        )
        await ledger.credit(command)

    return (await load(credit, total=TOTAL, in_flight=CLIENTS)).per_second


async def _inserts(pool: asyncpg.Pool) -> float:
    await pool.execute("CREATE TABLE bench_bare (key text PRIMARY KEY, amount bigint)")

    async def insert(_: int) -> None:
        await pool.execute("INSERT INTO bench_bare VALUES ($1, 1)", uuid.uuid4().hex)

    rate = (await load(insert, total=TOTAL, in_flight=CLIENTS)).per_second
    await pool.execute("DROP TABLE bench_bare")
    return rate


async def _pgbench(stack: Stack, players: int) -> float:
    run = uuid.uuid4().hex
    player = f"'pgbench-{run}-' || (:client_id % {players})"
    statement = (
        f"SELECT * FROM wallet_credit(gen_random_uuid()::text, 'hash', 'bench', {player}, "
        "'pgbench-house', 1, 'EUR', 'bench');"
    )
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "credit.sql"
        script.write_text(statement)
        process = await asyncio.create_subprocess_exec(
            str(find_programs() / "pgbench"),
            *("--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=2"),
            *(
                f"--transactions={TOTAL // CLIENTS}",
                f"--file={script}",
                stack.postgres.database().worker_url,
            ),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, complained = await process.communicate()
    found = re.search(r"tps = ([0-9.]+)", output.decode())
    if found is None:
        raise RuntimeError(f"pgbench did not finish: {complained.decode()[-500:]}")
    return float(found.group(1))
