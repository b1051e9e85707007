"""`python -m tests.crashes.zygote`: workers that die, forked from one that has imported everything.

Reads a line of JSON for each worker that is wanted (`Doomed`), and writes what becomes of them, a
line each: `<ward> ready`, then `<ward> died [<run> …]` with the runs that never came to their
points, and `<ward> exited <code>`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from dataclasses import asdict, dataclass

import orjson
from pydantic import TypeAdapter
from temporalio import activity

from infra.local.stack.launch import end_with_parent
from infra.settings import Temporal
from infra.temporal import connect
from tests.crashes.ward import Ground, Ward, at_work
from workers.crash_points import CrashPoint, CrashPoints, die

_TELLING = 3
"""The descriptor of the protocol; what anybody prints goes to the log."""

_BEAT_SECONDS = 0.5


@dataclass(frozen=True)
class Doomed:
    """A worker that dies when each of its runs stands at its crash point, or after some seconds."""

    ward: Ward
    ground: Ground
    points: dict[str, str]
    seconds: float

    def line(self) -> bytes:
        return orjson.dumps(asdict(self)) + b"\n"


_DOOMED = TypeAdapter(Doomed)


def main() -> None:
    end_with_parent(signal.SIGKILL)
    os.dup2(1, _TELLING)
    os.dup2(2, 1)
    names: dict[int, str] = {}

    def reap(*_: object) -> None:
        while names:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            tell(f"{names.pop(pid)} exited {os.waitstatus_to_exitcode(status)}")

    signal.signal(signal.SIGCHLD, reap)
    gc.freeze()
    tell("zygote ready")
    for line in sys.stdin.buffer:
        doomed = _DOOMED.validate_json(line)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            end_with_parent(signal.SIGKILL)
            asyncio.run(serve(doomed))
            os._exit(1)
        names[pid] = doomed.ward.name
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


async def serve(doomed: Doomed) -> None:
    """Whoever comes to its point stands there until all do: then all of it dies at once."""
    wanted = {run: CrashPoint.read(point) for run, point in doomed.points.items()}
    missing, name = set(wanted), doomed.ward.name

    def fall() -> None:
        tell(" ".join([f"{name} died", *sorted(missing)]))
        die(f"the points of {len(wanted)} runs of {name}")

    async def arrive(run: str, point: CrashPoint) -> None:
        if wanted.get(run) != point:
            return
        missing.discard(run)
        if not missing:
            fall()
        while True:
            if not activity.info().is_local:
                activity.heartbeat()
            await asyncio.sleep(_BEAT_SECONDS)

    client = await connect(Temporal(address=doomed.ground.temporal))
    async with at_work(doomed.ward, doomed.ground, client, CrashPoints(arrive)):
        tell(f"{name} ready")
        await asyncio.sleep(doomed.seconds)
        fall()


def tell(text: str) -> None:
    os.write(_TELLING, f"{text}\n".encode())


if __name__ == "__main__":
    main()
