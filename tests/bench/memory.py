"""How much memory a server and its children had at most: the proportional share of each process."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Self

SECONDS = 0.5


class Memory:
    """Looks every half second for as long as it is entered. `most` is in MB."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.most: dict[str, float] = {
            "memory of Postgres without its shared buffers": 0.0,
            "memory of Postgres with them": 0.0,
            "memory of the client": 0.0,
        }

    async def __aenter__(self) -> Self:
        self._looking = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._looking.cancel()
        await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            since = time.monotonic()
            server = [_shares(pid) for pid in (self._pid, *_children(self._pid))]
            whole = sum(shares["Pss"] for shares in server)
            shared = sum(shares["Pss_Shmem"] for shares in server)
            found = (whole - shared, whole, _shares(os.getpid())["Pss"])
            for name, kilobytes in zip(self.most, found, strict=True):
                self.most[name] = max(self.most[name], kilobytes / 1024)
            await asyncio.sleep(max(SECONDS, 10 * (time.monotonic() - since)))


def _children(pid: int) -> list[int]:
    try:
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except OSError:
        return []


def _shares(pid: int) -> dict[str, int]:
    """In kilobytes; nothing of a process that has ended."""
    shares = {"Pss": 0, "Pss_Shmem": 0}
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return shares
    for line in lines:
        name, _, value = line.partition(":")
        if name in shares:
            shares[name] = int(value.split()[0])
    return shares
