"""Deposits through the API, from the first request to the credit, beside an empty workflow."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from rich.table import Table
from temporalio.client import Client

from infra.local.stack.addresses import Stack
from infra.settings import Temporal
from infra.temporal import connect
from tests.bench.floor import QUEUE, Empty
from tests.bench.load import Measured, load

IN_FLIGHT = {1: 60, 8: 300, 64: 600}
"""How many are measured at each."""


async def bench_deposits(stack: Stack) -> Table:
    table = Table(title="Deposits: open, authorize, capture, credit (through the API, fsync on)")
    for name in ("in flight", "deposits/s", "median ms", "p95 ms", "empty/s", "ratio"):
        table.add_column(name, justify="right")
    client = await connect(Temporal(address=stack.temporal.address))
    async with _floor_worker(stack), cashier(stack) as http:
        for in_flight, total in IN_FLIGHT.items():
            floor = await load(lambda _: _empty(client), total=total, in_flight=in_flight)
            done = await load(lambda _: deposit(http), total=total, in_flight=in_flight)
            table.add_row(*_row(in_flight, done, floor))
    return table


def _row(in_flight: int, done: Measured, floor: Measured) -> list[str]:
    return [
        str(in_flight),
        f"{done.per_second:.1f}",
        f"{done.median:.0f}",
        f"{done.p95:.0f}",
        f"{floor.per_second:.1f}",
        f"{done.per_second / floor.per_second:.0%}",
    ]


async def _empty(client: Client) -> None:
    await client.execute_workflow(Empty.run, id=f"empty-{uuid.uuid4().hex}", task_queue=QUEUE)


async def deposit(
    http: httpx.AsyncClient, *, player: str = "", token: str = "tok_ok", ends: bool = True
) -> None:
    """Raises RuntimeError when it does not go through."""
    wish = {
        "player_id": player or f"player-{uuid.uuid4().hex}",
        "amount": {"amount": "50.00", "currency": "EUR"},
        "method": "card",
        "return_url": "https://casino.example/cashier",
        "payment_token": token,
    }
    key = uuid.uuid4().hex
    opened = await http.post("/v1/cashier/intents", json=wish, headers={"X-Idempotency-Key": key})
    if opened.status_code != 201:
        raise RuntimeError(f"no intent was opened: {opened.status_code} {opened.text}")
    path = f"/v1/cashier/intents/{opened.json()['intent_id']}/authorize"
    done = await http.post(path, headers={"X-Idempotency-Key": f"{key}-go"})
    if ends and done.json().get("status") != "CAPTURED":
        raise RuntimeError(f"a deposit did not go through: {done.status_code} {done.text}")


def cashier(stack: Stack) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=stack.api_url,
        headers={"Authorization": f"Bearer {stack.tokens.platform}"},
        limits=httpx.Limits(max_connections=64),
        timeout=60.0,
        trust_env=False,
    )


@asynccontextmanager
async def _floor_worker(stack: Stack) -> AsyncIterator[None]:
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.floor"), env={**os.environ, **stack.environment}
    )
    try:
        yield
    finally:
        worker.terminate()
        await worker.wait()
