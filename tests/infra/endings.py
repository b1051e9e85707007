"""Runs programs of ours in one forked process each: what they said, and their exit code.

Every process is a real one, with an environment of its own; what they import is imported once.
`python -m tests.infra.endings` reads a list of programs as JSON and writes a list of endings.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import runpy
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

AT_ONCE = 4
PATIENCE_SECONDS = 60.0
ALL = (
    "activities.audit.__main__",
    "activities.migrations.__main__",
    "api.__main__",
    "api.credentials",
    "workers.__main__",
    "workers.namespace",
)


@dataclass(frozen=True)
class Run:
    """`python -m <words>` with these settings, and no others of ours."""

    words: str
    settings: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Ending:
    code: int
    """Negative: the signal that ended it; -9 when it had to be killed, since it went on."""
    wrote: str


async def endings(runs: Sequence[Run]) -> list[Ending]:
    """In order."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.infra.endings"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    written, _ = await process.communicate(json.dumps([asdict(run) for run in runs]).encode())
    return [Ending(**each) for each in json.loads(written)]


def main() -> None:
    runs = [Run(**each) for each in json.load(sys.stdin)]
    for name in ALL:
        importlib.import_module(name)
        # A program is run as the interpreter runs it: it is not there yet.
        del sys.modules[name]
    waiting, under_way = list(enumerate(runs)), dict[int, tuple[int, str, float]]()
    ended: dict[int, Ending] = {}
    while waiting or under_way:
        while waiting and len(under_way) < AT_ONCE:
            number, run = waiting.pop(0)
            pid, log = _forked(run)
            under_way[pid] = (number, log, time.monotonic())
        for pid, (number, log, since) in list(under_way.items()):
            if time.monotonic() - since > PATIENCE_SECONDS:
                os.kill(pid, signal.SIGKILL)
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                del under_way[pid]
                ended[number] = Ending(os.waitstatus_to_exitcode(status), _read(log))
        time.sleep(0.01)
    json.dump([asdict(ended[number]) for number in range(len(runs))], sys.stdout)


def _forked(run: Run) -> tuple[int, str]:
    descriptor, log = tempfile.mkstemp(prefix="paysaga-ending-")
    pid = os.fork()
    if pid == 0:
        _become(run, descriptor)
    os.close(descriptor)
    return pid, log


def _become(run: Run, output: int) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for name in [name for name in os.environ if name.startswith("PAYSAGA_")]:
        del os.environ[name]
    os.environ.update(run.settings)
    module, *words = run.words.split()
    sys.argv = [module, *words]
    code = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = _code(end)
    except BaseException:  # noqa: BLE001 - as the interpreter does
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _code(end: SystemExit) -> int:
    """As the interpreter has it: a sentence is written, and is a failure."""
    if isinstance(end.code, str):
        sys.stderr.write(f"{end.code}\n")
        return 1
    return end.code or 0


def _read(log: str) -> str:
    with open(log, errors="replace") as written:  # noqa: PTH123
        text = written.read()
    os.unlink(log)  # noqa: PTH108
    return text


if __name__ == "__main__":
    main()
