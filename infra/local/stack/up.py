"""`make up`: the stack stays until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import time

from rich.console import Console
from rich.table import Table

from infra.local.stack.interrupts import until_interrupted
from infra.local.stack.ports import LocalError
from infra.local.stack.settings import LocalSettings
from infra.local.stack.stack import AlreadyRunning, local_stack

_PATIENCE_SECONDS = 90.0
"""How long another start or stop of the same stack is waited for."""


async def up(chosen: LocalSettings, console: Console) -> int:
    """The exit code: 0 when it ran until it was stopped, or runs already. Raises LocalError."""
    return await until_interrupted(_until_stopped(chosen, console), console)


async def _until_stopped(chosen: LocalSettings, console: Console) -> int:
    deadline, announced = time.monotonic() + _PATIENCE_SECONDS, False
    while True:
        try:
            return await _hold(chosen, console)
        except AlreadyRunning as other:
            if other.state == "running":
                console.print(f"It runs already (process {other.pid}).")
                _show(console, other.addresses, chosen)
                return 0
            if time.monotonic() > deadline:
                raise LocalError(f"{other} It took too long to wait for.") from other
            if not announced:
                console.print(f"{other} Waiting for it.", soft_wrap=True)
                announced = True
        await asyncio.sleep(0.3)


async def _hold(chosen: LocalSettings, console: Console) -> int:
    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    async with local_stack(chosen.folder, psp=chosen.psp, ports=chosen.ports, say=say) as stack:
        _show(console, stack.addresses, chosen)
        console.print("Ctrl-C stops it; what it knows stays.")
        await asyncio.Event().wait()
    return 0


def _show(console: Console, addresses: dict[str, str], chosen: LocalSettings) -> None:
    table = Table.grid(padding=(0, 2))
    for name, address in addresses.items():
        table.add_row(name, address)
    table.add_row("Tokens", str(chosen.folder / "local.env"))
    table.add_row("Logs", str(chosen.folder / "log"))
    console.print(table)
