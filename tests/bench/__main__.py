"""`make bench`: payments and wallet commands beside their floors, webhooks, recovery, what each
costs and what stays of it; fsync on.

Machines are noisy: read the ratios, not the numbers. Nothing here decides a test.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.console import Console

from infra.local.stack.stack import local_stack
from infra.running import run
from tests.bench.keeping import bench_keeping
from tests.bench.payments import bench_payments
from tests.bench.recovery import bench_recovery
from tests.bench.wallet import bench_wallet
from tests.bench.webhooks import bench_webhooks


async def main() -> None:
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        async with local_stack(Path(folder), durable=True) as stack:
            console.print(await bench_wallet(stack))
            console.print(*await bench_payments(stack), sep="\n")
            console.print(await bench_webhooks(stack))
            console.print(*await bench_keeping(stack), sep="\n")
            console.print(await bench_recovery(stack))


if __name__ == "__main__":
    # As the worker does, which the wallet's commands come from.
    run(main())
