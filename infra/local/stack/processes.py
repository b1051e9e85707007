"""Child processes: started, watched, restarted and stopped; none outlives us."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.stack.ports import LocalError
from infra.local.stack.record import Record, private_log

_LAUNCH = str(Path(__file__).with_name("launch.py"))
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 60.0


class ProcessFailed(LocalError):
    """A child ended, or never became healthy, while it was being started."""

    def __init__(self, name: str, why: str, log: Path) -> None:
        self.tail = tail(log)
        super().__init__(f"{name} {why}. The end of {log}:\n{self.tail}")


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, at most 8 kB of it."""
    with contextlib.suppress(OSError), log.open("rb") as written:
        written.seek(max(0, log.stat().st_size - 8192))
        text = written.read().decode(errors="replace")
        return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])
    return ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a child runs as. Without a uid: as ourselves."""

    uid: int | None = None
    gid: int | None = None
    capability: int | None = None

    def flags(self) -> list[str]:
        named = (("uid", self.uid), ("gid", self.gid), ("capability", self.capability))
        return [f"--{name}={value}" for name, value in named if value is not None]


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, when it counts as healthy, and how it likes to be stopped."""

    name: str
    command: Sequence[str]
    log: Path
    healthy: Callable[[int], Awaitable[bool]]
    """Asked with the pid, again and again until it says yes."""
    environment: Mapping[str, str] | None = None
    identity: Identity = Identity()
    folder: Path | None = None
    before_start: Callable[[], Awaitable[None]] | None = None
    start_seconds: float = 60.0
    stop_seconds: float = 10.0
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    """Sent by the kernel when we die without a word. Only Linux knows such a signal."""


def launched(
    command: Sequence[str],
    identity: Identity,
    *,
    death_signal: signal.Signals = signal.SIGKILL,
    folder: Path | None = None,
) -> list[str]:
    """The command line that runs `command` as `identity`, tied to our life."""
    where = [f"--folder={folder}"] if folder else []
    ties = [f"--parent={os.getpid()}", f"--death-signal={int(death_signal)}"]
    return [sys.executable, "-I", "-S", _LAUNCH, *ties, *identity.flags(), *where, "--", *command]


async def run(
    command: Sequence[str],
    *,
    identity: Identity = Identity(),
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run to the end: exit code and all output. Cancelled, it ends the process first."""
    process = await asyncio.create_subprocess_exec(
        *launched(command, identity, folder=folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )
    try:
        output, _ = await process.communicate()
    except BaseException:
        _signal_group(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    return process.returncode or 0, output.decode(errors="replace")


class Child:
    """One program under supervision."""

    def __init__(
        self,
        program: Program,
        *,
        record: Record | None = None,
        restarts: bool = False,
        say: Callable[[str], None] = print,
    ) -> None:
        self._program = program
        self._record = record
        self._restarts = restarts
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """None when it does not run at this moment."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process and running else None

    async def start(self) -> None:
        """Until it is healthy. Raises ProcessFailed; then nothing of it is left."""
        await self._start_once()
        if self._restarts:
            self._watch = asyncio.create_task(self._keep_alive(), name=f"{self._program.name}")

    async def stop(self) -> None:
        """Ask, wait as long as the program may take, then kill. Harmless when not running."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        await self._end(self._program.stop_signal, self._program.stop_seconds)

    async def _start_once(self) -> None:
        if self._program.before_start is not None:
            await self._program.before_start()
        try:
            await self._spawn()
            await self._until_healthy()
        except BaseException:
            await self._end(self._program.stop_signal, 3.0)
            raise

    async def _spawn(self) -> None:
        program = self._program
        with os.fdopen(private_log(program.log), "ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *launched(
                    program.command,
                    program.identity,
                    death_signal=program.death_signal,
                    folder=program.folder,
                ),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=program.environment,
                start_new_session=True,
            )
        if self._record is not None:
            self._record.add(program.name, self._process.pid, program.stop_signal)

    async def _until_healthy(self) -> None:
        program, process = self._program, self._process
        assert process is not None  # noqa: S101
        deadline = time.monotonic() + program.start_seconds
        while True:
            healthy = await program.healthy(process.pid)
            if process.returncode is not None:
                why = f"ended while starting, with exit code {process.returncode}"
                raise ProcessFailed(program.name, why, program.log)
            if healthy:
                return
            if time.monotonic() > deadline:
                why = f"was not healthy within {program.start_seconds:.0f} s"
                raise ProcessFailed(program.name, why, program.log)
            await asyncio.sleep(0.05)

    async def _keep_alive(self) -> None:
        pause, name = 0.5, self._program.name
        while True:
            process = self._process
            assert process is not None  # noqa: S101
            since = time.monotonic()
            code = await process.wait()
            if time.monotonic() - since > _STEADY_SECONDS:
                pause = 0.5
            self._say(f"{name} ended by itself (exit code {code}); it is started again")
            await self._end(signal.SIGKILL, 1.0)
            while True:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
                try:
                    await self._start_once()
                except LocalError as failure:
                    self._say(f"{name} does not start, next try in {pause:.0f} s: {failure}")
                else:
                    self._say(f"{name} runs again")
                    break

    async def _end(self, how: signal.Signals, seconds: float) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(how)
            try:
                await asyncio.wait_for(process.wait(), seconds)
            except TimeoutError:
                self._say(f"{self._program.name} did not stop within {seconds:g} s; it is killed")
        # What it started is in its group, and goes with it.
        _signal_group(process.pid, signal.SIGKILL)
        await process.wait()
        if self._record is not None:
            self._record.remove(process.pid)


def _signal_group(pid: int, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, what)
