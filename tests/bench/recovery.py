"""How soon a deposit goes through again after a process was killed with -9."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import httpx
from rich.table import Table

from infra.local.stack.addresses import Stack
from tests.bench.deposits import cashier, deposit

AIMS = {"worker": "3 s", "temporal": "3 s", "postgres": "3 s", "api": "3 s", "sandbox-psp": ""}
"""The PSP's has none: its accounts' breakers stay open for a while after it is there again."""


async def bench_recovery(stack: Stack) -> Table:
    table = Table(title="From kill -9 to the next credited deposit")
    for name in ("killed", "seconds", "aim"):
        table.add_column(name, justify="left" if name == "killed" else "right")
    for name, aim in AIMS.items():
        table.add_row(name, f"{await _recovery(stack, name):.1f}", aim)
    return table


async def _recovery(stack: Stack, name: str) -> float:
    pid = stack.processes[name].pid
    if pid is None:
        raise RuntimeError(f"{name} does not run")
    since = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    async with cashier(stack) as http, asyncio.timeout(60):
        while True:
            try:
                await deposit(http)
            except (httpx.HTTPError, RuntimeError):
                await asyncio.sleep(0.1)
            else:
                return time.monotonic() - since
