"""`python -m tests.bench.parking`: deposits are held, stopped before their capture, and drained.

All that runs is real. For SECONDS deposits are opened and authorized, as many as the machine can;
then captures are stopped, every capture is ordered and parks, and the stop is lifted with RATE.
Every parked deposit must be captured and credited, none of them twice.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
import time
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from infra.local.stack.addresses import Stack
from infra.local.stack.stack import local_stack
from tests.bench.deposits import cashier

SECONDS = float(os.environ.get("SECONDS_OF_DEPOSITS", "150"))
RATE = float(os.environ.get("RATE", "20"))
AT_MOST = int(os.environ.get("PARKED", "10000"))
_IN_FLIGHT = 16
_WISH = {
    "amount": {"amount": "50.00", "currency": "EUR"},
    "method": "card",
    "return_url": "https://casino.example/cashier",
    "payment_token": "tok_ok",
    "capture_method": "manual",
}
_STOP = {"operation": "captures", "psp": "sandbox", "reason": "a measurement", "confirm": True}


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with local_stack(Path(folder), durable=True) as stack, cashier(stack) as http:
            Console().print(await bench_parking(stack, http))


async def bench_parking(stack: Stack, http: httpx.AsyncClient) -> Table:
    began = time.monotonic()
    held = await _held(http, until=began + SECONDS)
    opened = time.monotonic()
    operator = {"Authorization": f"Bearer {stack.tokens.operator}"}
    stop = await _told(http, "/v1/routing/stops", 201, _STOP, operator)
    await _each(held, lambda intent_id: _parks(http, intent_id))
    parked = time.monotonic()
    path = f"/v1/routing/stops/{stop['id']}"
    how = {"drain_per_second": RATE, "reason": "measured"}
    await _told(http, f"{path}/lift", 201, how, operator)
    async with asyncio.timeout(120 + 2 * len(held) / RATE):
        await _each(held, lambda intent_id: _captured(http, intent_id))
    captures = await _captures(stack)
    asked = [entry["reference"] for entry in captures if entry["outcome"] == "approved"]
    wanted = sorted(f"{intent_id}:capture" for intent_id in held)
    if sorted(asked) != wanted:
        raise AssertionError(f"{len(asked)} captures of {len(held)} parked deposits")
    table = Table(title="Deposits parked by a stop, and drained (through the API, fsync on)")
    for name in ("parked", "held/s", "parked/s", "rate set", "rate seen", "captures"):
        table.add_column(name, justify="right")
    table.add_row(
        f"{len(held):,}",
        f"{len(held) / (opened - began):.1f}",
        f"{len(held) / (parked - opened):.1f}",
        f"{RATE:g}/s",
        f"{_rate(captures):.2f}/s",
        f"{len(asked):,}, each once",
    )
    return table


async def _held(http: httpx.AsyncClient, until: float) -> list[str]:
    held: list[str] = []

    async def keep_going() -> None:
        while time.monotonic() < until and len(held) < AT_MOST:
            wish = _WISH | {"player_id": f"player-{uuid.uuid4().hex}"}
            intent_id = (await _told(http, "/v1/cashier/intents", 201, wish))["intent_id"]
            deposit = await _told(http, f"/v1/cashier/intents/{intent_id}/authorize", 201)
            if deposit["status"] != "AUTHORIZED":
                raise RuntimeError(f"a deposit is not held: {deposit['status']}")
            held.append(intent_id)

    await asyncio.gather(*(keep_going() for _ in range(_IN_FLIGHT)))
    return held


async def _parks(http: httpx.AsyncClient, intent_id: str) -> None:
    deposit = await _told(http, f"/v1/cashier/intents/{intent_id}/capture", 202)
    if deposit["status"] != "PARKED":
        raise RuntimeError(f"a deposit did not park: {deposit['status']}")


async def _captured(http: httpx.AsyncClient, intent_id: str) -> None:
    for pause in itertools.repeat(1.0):
        seen = (await http.get(f"/v1/cashier/intents/{intent_id}")).json()
        if seen["final"]:
            break
        await asyncio.sleep(pause)
    if (seen["status"], seen["captured"]) != ("CAPTURED", _WISH["amount"]):
        raise AssertionError(f"a parked deposit ended as {seen['status']}")


async def _captures(stack: Stack) -> list[dict[str, Any]]:
    """Of the PSP's own journal."""
    async with httpx.AsyncClient(base_url=stack.psp_url, trust_env=False) as psp:
        journal = await psp.get("/_control/journal", params={"operation": "capture"})
    entries: list[dict[str, Any]] = journal.json()["entries"]
    return entries


def _rate(captures: list[dict[str, Any]]) -> float:
    times = sorted(datetime.fromisoformat(entry["at"]).timestamp() for entry in captures)
    return (len(times) - 1) / (times[-1] - times[0])


async def _told(
    http: httpx.AsyncClient,
    path: str,
    status: int,
    body: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    named = {"X-Idempotency-Key": uuid.uuid4().hex, **(headers or {})}
    answer = await http.post(path, json=body or {}, headers=named)
    if answer.status_code != status:
        raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
    reply: dict[str, Any] = answer.json()
    return reply


async def _each(held: list[str], act: Any) -> None:
    left = iter(held)

    async def keep_going() -> None:
        for intent_id in left:
            await act(intent_id)

    await asyncio.gather(*(keep_going() for _ in range(_IN_FLIGHT)))


if __name__ == "__main__":
    asyncio.run(main())
