"""`python -m tests.replay.record [story …]`: play stories on a real server, keep their histories.

Without a name it adds the stories that have none yet; `all` renews every one.

A history is a promise to the payments that run while we deploy: renew one only when a change of
the process is meant to be told apart by a version, never to make a failing replay pass.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from infra.local.stack.ports import free_ports
from infra.local.stack.temporal import LocalTemporal
from infra.settings import Temporal
from infra.temporal import connect
from tests.replay.deposits import Story
from tests.replay.histories import FOLDER, path_of, write
from tests.replay.stories import STORIES
from tests.sealing import sealing
from tests.workflows.time_travel import TimeMachine
from tests.workflows.world import World, working


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = LocalTemporal(None, free_ports(1)[0], log=Path(folder) / "temporal.log")
        await server.start()
        try:
            machine = TimeMachine(sealing(await connect(Temporal(address=server.address))))
            for name in wanted(sys.argv[1:]):
                await record(name, STORIES[name], machine)
                print(f"recorded {name}")  # noqa: T201
        finally:
            await server.stop()


def wanted(named: list[str]) -> list[str]:
    if named == ["all"]:
        for path in FOLDER.glob("*.json"):
            path.unlink()
        return list(STORIES)
    return named or [name for name in STORIES if not path_of(name).exists()]


async def record(name: str, story: Story, machine: TimeMachine) -> None:
    # The same names in every recording: what differs is what changed.
    world = World(machine.client, queue="core", name="fake")
    async with working(world):
        handle = await story(world, machine)
        await handle.result()
        write(name, await handle.fetch_history())


if __name__ == "__main__":
    asyncio.run(main())
    sys.stdout.flush()
    # The SDK's own threads may abort an interpreter that is being torn down.
    os._exit(0)
