"""Thousands of connections that say nothing cost others nothing, and little memory.

In the suite hundreds of them, with the server in this process; `make doors` takes ten thousand of
a server in its own.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil
import pytest

from activities.settings import Settings
from infra.local.stack.ports import free_ports
from tests.doors.conftest import LONG, Count
from tests.doors.raw import H, get
from tests.doors.wire import answer_to, statuses

WANTED = 10_000 if LONG else 500
SPARE = 200
EACH_AT_MOST = 64 * 1024
"""Bytes of memory that a silent connection may cost, whatever it has begun to say."""
BEGUN = (b"", b"GET /healthz HTTP/1.1\r\n" + H, b"GET /healthz HTTP/1.1\r\n" + H + b"\r\n")


@dataclass(frozen=True)
class Served:
    port: int
    process: psutil.Process

    @property
    def memory(self) -> int:
        return int(self.process.memory_info().rss)


@pytest.fixture
async def served(settings: Settings, port: int) -> AsyncIterator[Served]:
    if not LONG:
        yield Served(port, psutil.Process())
        return
    async with in_a_process_of_its_own(settings) as alone:
        yield alone


@asynccontextmanager
async def in_a_process_of_its_own(settings: Settings) -> AsyncIterator[Served]:
    (port,) = free_ports(1)
    environment = {name: v for name, v in os.environ.items() if not name.startswith("PAYSAGA_")}
    environment |= {
        "PAYSAGA_PROFILE": "sandbox",
        "PAYSAGA_POSTGRES_URL": settings.postgres.url.get_secret_value(),
        "PAYSAGA_TEMPORAL_ADDRESS": settings.temporal.address,
        "PAYSAGA_API_PORT": str(port),
        "PAYSAGA_LOG_LEVEL": "ERROR",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "api", env=environment)
    try:
        async with asyncio.timeout(60):
            while statuses(await answered(port)) != [200]:  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(0.1)
        yield Served(port, psutil.Process(process.pid))
    finally:
        process.terminate()
        await process.wait()


async def answered(port: int) -> bytes:
    try:
        return await answer_to(port, get())
    except ConnectionRefusedError:
        return b""


def as_many_as_this_machine_lets_us() -> int:
    """Each end of a connection is a file: of one process, or of two."""
    ends = 1 if LONG else 2
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, ends * WANTED + SPARE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(hard, wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return min(WANTED, (wanted - SPARE) // ends)


async def test_thousands_of_silent_connections_cost_others_nothing(
    served: Served, count: Count
) -> None:
    many = as_many_as_this_machine_lets_us()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.prlimit(served.process.pid, resource.RLIMIT_NOFILE, limits)
    before = served.memory
    silent = []
    try:
        for n in range(many):
            silent.append(await asyncio.open_connection("127.0.0.1", served.port))
            silent[-1][1].write(BEGUN[n % len(BEGUN)])
        for _ in range(20):
            assert statuses(await answer_to(served.port, get())) == [200]
        cost = served.memory - before
        assert cost < many * EACH_AT_MOST + 16 * 1024 * 1024
    finally:
        for _, writer in silent:
            writer.close()
    short = "" if many == WANTED else f" (of {WANTED:,}: no more files are allowed here)"
    count(f"silent connections at {max(cost, 0) // many // 1024} kB each{short}", many)
