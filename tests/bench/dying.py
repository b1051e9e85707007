"""`python -m tests.bench.dying`: one of two merchant accounts dies in mid-traffic.

Deposits go on through the API while the first account in line answers no more: it turns everything
away (503), or closes every connection without a word. What is measured is what the players behind
it lose: how many deposits went through all the same, how much later, and how many attempts the
dead account was sent before its breaker spared it.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from infra.local.stack.addresses import Stack
from infra.local.stack.stack import local_stack
from tests.bench.deposits import cashier

BEFORE, AFTER = 60, int(os.environ.get("DEPOSITS", "200"))
IN_FLIGHT = 8
DEATHS = {"turns everything away": "status_503", "answers no more": "lost_before"}
_WISH: Mapping[str, Any] = {
    "amount": {"amount": "50.00", "currency": "EUR"},
    "method": "card",
    "return_url": "https://casino.example/cashier",
    "payment_token": "tok_ok",
}


@dataclass(frozen=True)
class Seen:
    intent_id: str
    captured: bool
    account: str | None
    milliseconds: float


async def main() -> None:
    table = Table(title="A merchant account dies in mid-traffic (two accounts, fsync on)")
    for name in ("it", "deposits", "saved", "median ms", "before", "worst ms", "asked of it"):
        table.add_column(name, justify="right")
    for death, fault in DEATHS.items():
        with tempfile.TemporaryDirectory() as folder:
            async with local_stack(Path(folder), durable=True) as stack, cashier(stack) as http:
                table.add_row(death, *await _dies(stack, http, fault))
    Console().print(table)


async def _dies(stack: Stack, http: httpx.AsyncClient, fault: str) -> list[str]:
    before = await _deposits(http, BEFORE)
    dead = {"operation": "*", "fault": fault, "times": None, "merchant_account": "primary"}
    async with httpx.AsyncClient(base_url=stack.psp_url, trust_env=False) as psp:
        (await psp.post("/_control/faults", json=dead)).raise_for_status()
        after = await _deposits(http, AFTER)
        (await psp.delete("/_control/faults")).raise_for_status()
    asked = await _asked_of_primary(http, after)
    return [
        str(len(after)),
        f"{sum(seen.captured for seen in after) / len(after):.1%}",
        f"{statistics.median(seen.milliseconds for seen in after):.0f}",
        f"{statistics.median(seen.milliseconds for seen in before):.0f}",
        f"{max(seen.milliseconds for seen in after):.0f}",
        str(asked),
    ]


async def _deposits(http: httpx.AsyncClient, total: int) -> list[Seen]:
    room = asyncio.Semaphore(IN_FLIGHT)

    async def one() -> Seen:
        async with room:
            return await _deposit(http)

    return await asyncio.gather(*(one() for _ in range(total)))


async def _deposit(http: httpx.AsyncClient) -> Seen:
    """Until it is captured, or the caller is told to come back."""
    since, key = time.perf_counter(), uuid.uuid4().hex
    wish = {**_WISH, "player_id": f"player-{key}"}
    opened = await http.post("/v1/cashier/intents", json=wish, headers={"X-Idempotency-Key": key})
    opened.raise_for_status()
    path = f"/v1/cashier/intents/{opened.json()['intent_id']}"
    done = await http.post(f"{path}/authorize", headers={"X-Idempotency-Key": f"{key}-go"})
    deposit = done.json()
    return Seen(
        opened.json()["intent_id"],
        deposit.get("status") == "CAPTURED",
        deposit.get("merchant_account"),
        (time.perf_counter() - since) * 1000,
    )


async def _asked_of_primary(http: httpx.AsyncClient, seen: list[Seen]) -> int:
    """Deposits of which the dead account was asked, whatever came of it."""
    asked = 0
    for each in seen:
        deposit = (await http.get(f"/v1/cashier/intents/{each.intent_id}")).json()
        attempts = [one for one in deposit["attempts"] if one["step"].startswith("authorize")]
        first = attempts[0]["merchant_account"] if attempts else "primary"
        asked += first == "primary"
    return asked


if __name__ == "__main__":
    asyncio.run(main())
