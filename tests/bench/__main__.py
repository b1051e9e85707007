"""`make bench`: deposits and wallet commands beside their floors, webhooks, recovery; fsync on.

Machines are noisy: read the ratios, not the numbers. Nothing here decides a test.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from rich.console import Console

from infra.local.stack.stack import local_stack
from tests.bench.deposits import bench_deposits
from tests.bench.recovery import bench_recovery
from tests.bench.wallet import bench_wallet
from tests.bench.webhooks import bench_webhooks


async def main() -> None:
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        async with local_stack(Path(folder), durable=True) as stack:
            console.print(await bench_wallet(stack))
            console.print(await bench_deposits(stack))
            console.print(await bench_webhooks(stack))
            console.print(await bench_recovery(stack))


if __name__ == "__main__":
    asyncio.run(main())
