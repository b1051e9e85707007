"""However `make up` ends, nothing of it is left: by a key, a signal, a lost terminal, make down."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from infra.local.stack.down import down
from infra.local.stack.ports import free_ports
from infra.local.stack.record import Entry, birth
from infra.local.stack.stack import notice_in, sole
from tests.infra.waiting import eventually

ROOT = Path(__file__).parents[4]
AT_A_TERMINAL = (
    "import fcntl, os, sys, termios\n"
    "os.setsid()\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """A pseudo terminal with `make up` in its foreground."""

    def __init__(self, folder: Path) -> None:
        names = ("API", "TEMPORAL", "TEMPORAL_UI", "POSTGRES", "SANDBOX_PSP")
        ports = zip(names, free_ports(5), strict=True)
        self.folder = folder
        self._screen, inside = os.openpty()
        make = shutil.which("make") or "make"
        self.make = subprocess.Popen(
            [sys.executable, "-c", AT_A_TERMINAL, make, "--no-print-directory", "up"],
            cwd=ROOT,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            env={
                **os.environ,
                **{f"PAYSAGA_LOCAL_{name}_PORT": str(port) for name, port in ports},
                "PAYSAGA_LOCAL_FOLDER": str(folder),
            },
        )
        os.close(inside)
        self.seen = ""

    async def shows(self, words: str) -> None:
        async with asyncio.timeout(120):
            while words not in self.seen:
                read = await asyncio.to_thread(self._read)
                assert read, f"it ended before it said {words!r}: {self.seen}"
                self.seen += read

    def _read(self) -> str:
        with suppress(OSError):
            return os.read(self._screen, 4096).decode(errors="replace")
        return ""

    def family(self) -> list[Entry]:
        """Make, what it started, and so on."""
        every = [psutil.Process(self.make.pid), *psutil.Process(self.make.pid).children(True)]
        born = [(each.pid, birth(each.pid)) for each in every]
        return [Entry("it", pid, at, signal.SIGKILL) for pid, at in born if at is not None]

    def stack(self) -> int:
        pid = notice_in(self.folder)["pid"]
        assert isinstance(pid, int)
        return pid

    def press_ctrl_c(self) -> None:
        os.write(self._screen, b"\x03")

    def close(self) -> None:
        if self._screen >= 0:
            os.close(self._screen)
            self._screen = -1


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    opened, left = Terminal(folder), list[Entry]()
    try:
        yield opened
    finally:
        with suppress(psutil.NoSuchProcess):
            left = opened.family()
        for each in left:
            each.send(signal.SIGKILL)
        opened.close()
        opened.make.wait()


async def is_gone(family: list[Entry], folder: Path) -> None:
    assert len(family) > 2
    await eventually(lambda: not any(each.lives() for each in family))
    with sole(folder):
        assert not (folder / "local.env").exists()


def ctrl_c(at: Terminal) -> None:
    at.press_ctrl_c()


def sigterm(at: Terminal) -> None:
    os.kill(at.stack(), signal.SIGTERM)


def terminal_is_closed(at: Terminal) -> None:
    """Make is told alone, as the leader of its session, and waits for us."""
    at.close()


def make_dies(at: Terminal) -> None:
    at.make.kill()


def make_and_its_terminal_die(at: Terminal) -> None:
    at.make.kill()
    at.close()


@pytest.mark.parametrize(
    "end",
    [
        ctrl_c,
        sigterm,
        terminal_is_closed,
        make_dies,
        make_and_its_terminal_die,
    ],
)
async def test_a_stack_that_is_starting_ends_with_everything_it_began(
    tmp_path: Path, end: Callable[[Terminal], None]
) -> None:
    with terminal(tmp_path / "var") as at:
        await at.shows("Postgres is up")
        family = at.family()
        end(at)
        await is_gone(family, at.folder)


async def test_make_down_ends_what_make_up_began_and_says_when_nothing_runs(
    tmp_path: Path,
) -> None:
    with terminal(tmp_path / "var") as at:
        await at.shows("Ctrl-C stops it")
        family, stack = at.family(), at.stack()
        code, lines = await make_down(at.folder)
        assert not any(each.lives() for each in family if each.pid != at.make.pid)
        await is_gone(family, at.folder)
    assert (code, lines.splitlines()[-1]) == (0, "stopped")
    assert f"stopping process {stack}" in lines
    assert await make_down(at.folder) == (0, f"Nothing runs in {at.folder}.\n")


async def make_down(folder: Path) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *("make", "--no-print-directory", "-C", str(ROOT), "down"),
        env={**os.environ, "PAYSAGA_LOCAL_FOLDER": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_a_process_that_has_the_number_of_a_dead_stack_is_left_alone(tmp_path: Path) -> None:
    bystander = await asyncio.create_subprocess_exec("sleep", "600")
    notice = f'{{"state": "running", "pid": {bystander.pid}, "birth": "another"}}'
    (tmp_path / "up.json").write_text(notice)
    lines: list[str] = []
    assert down(tmp_path, lines.append) == 0
    assert lines == [f"Nothing runs in {tmp_path}."]
    assert bystander.returncode is None
    bystander.kill()
    await bystander.wait()


async def test_a_stack_that_does_not_listen_is_killed_after_its_time(tmp_path: Path) -> None:
    deaf = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c"),
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)\n"
        "time.sleep(600)",
        stdout=asyncio.subprocess.PIPE,
    )
    assert deaf.stdout is not None
    await deaf.stdout.readline()
    notice = f'{{"state": "running", "pid": {deaf.pid}, "birth": "{birth(deaf.pid)}"}}'
    (tmp_path / "up.json").write_text(notice)
    lines: list[str] = []
    code = await asyncio.to_thread(down, tmp_path, lines.append, patience_seconds=0.3)
    assert code == 0
    assert "it did not stop within 0.3 s; it is killed" in lines
    assert await deaf.wait() == -signal.SIGKILL
