"""Starting the rival beside a stack, where it is installed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import httpx
import psutil

from infra.local.stack.addresses import Stack
from infra.local.stack.ports import HOST, free_ports
from tests.bench.rival import SYSTEM_DATABASE

PYTHON = Path(".venv-dbos/bin/python")
"""Of an environment of its own over ours: `make bench-dbos` makes it."""
_STARTS_WITHIN_SECONDS = 60.0


@asynccontextmanager
async def rival(stack: Stack) -> AsyncIterator[tuple[str, psutil.Process]]:
    """Its address and its process. Raises RuntimeError when it does not come up."""
    database = await stack.postgres.create_database("dbos", template="template0")
    port = free_ports(1)[0]
    log = (stack.folder / "log" / "dbos.log").open("w+")
    process = await asyncio.create_subprocess_exec(
        *(str(PYTHON), "-m", "tests.bench.rival", str(port)),
        env={
            **os.environ,
            **stack.environment,
            # Both roles: it is API and worker in one process.
            "PAYSAGA_POSTGRES_URL": stack.postgres.url,
            SYSTEM_DATABASE: database.admin_url,
        },
        stdout=log,
        stderr=log,
    )
    try:
        url = f"http://{HOST}:{port}"
        await _until_it_answers(url, process, log)
        yield url, psutil.Process(process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        log.close()
        await stack.postgres.drop_database("dbos")


async def _until_it_answers(url: str, process: asyncio.subprocess.Process, log: IO[str]) -> None:
    async with (
        asyncio.timeout(_STARTS_WITHIN_SECONDS),
        httpx.AsyncClient(trust_env=False) as http,
    ):
        while process.returncode is None:
            try:
                await http.get(f"{url}/healthz")
            except httpx.HTTPError:
                await asyncio.sleep(0.2)
            else:
                return
    log.seek(0)
    raise RuntimeError(f"DBOS ended:\n{log.read()[-2000:]}")
