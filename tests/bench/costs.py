"""What things cost: CPU of each process, its memory, and bytes on disk of what is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass

import asyncpg
import psutil

from infra.local.stack.addresses import Stack

OURS = ("api", "worker", "temporal", "postgres")
"""In the order in which a request goes through them; the PSP is somebody else's."""

Seconds = Mapping[str, float]


def cpu(stack: Stack, names: Iterable[str] = OURS) -> dict[str, float]:
    """Seconds of CPU that each process has used until now, with all that it has forked."""
    return {name: seconds_of(_process(stack, name)) for name in names}


def memory(stack: Stack, names: Iterable[str] = OURS) -> dict[str, int]:
    """Bytes in memory; what Postgres's processes share is counted once."""
    return {name: sum(map(_share, _family(_process(stack, name)))) for name in names}


def seconds_of(process: psutil.Process) -> float:
    """Of a process, of its children, and of those that have ended."""
    times = process.cpu_times()
    ended = times.children_user + times.children_system
    return ended + sum(own_seconds(each) for each in _family(process))


def between(before: Seconds, after: Seconds, things: int) -> dict[str, float]:
    """Milliseconds for each of so many things."""
    return {name: (after[name] - before[name]) * 1000 / things for name in after}


@dataclass(frozen=True)
class Kept:
    """Bytes: Temporal's file, and Postgres's tables with their indexes."""

    temporal: int
    postgres: int


async def kept(stack: Stack) -> Kept:
    return Kept(_temporal_bytes(stack), await _postgres_bytes(stack))


def _temporal_bytes(stack: Stack) -> int:
    """With what still stands in its write-ahead log; without pages that are free again."""
    file = stack.folder / "temporal" / "temporal.db"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        pages, free, size = (
            database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * size)


async def _postgres_bytes(stack: Stack) -> int:
    database = await asyncpg.connect(stack.postgres.migration_url)
    try:
        return int(await database.fetchval("SELECT sum(pg_database_size(oid)) FROM pg_database"))
    finally:
        await database.close()


def _process(stack: Stack, name: str) -> psutil.Process:
    pid = stack.processes[name].pid
    if pid is None:
        raise RuntimeError(f"{name} does not run")
    return psutil.Process(pid)


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def own_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        # It has ended since it was listed: its parent counts it from now on.
        return 0.0
    return float(times.user + times.system)


def _share(process: psutil.Process) -> int:
    try:
        found = process.memory_full_info()
    except psutil.NoSuchProcess:
        return 0
    return int(getattr(found, "pss", found.uss))
