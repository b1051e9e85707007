"""Children of the local runtime: healthy, watched, and gone when we are."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
from pathlib import Path

import pytest

from infra.local.stack.processes import Child, ProcessFailed, Program, run
from infra.local.stack.record import Entry, Record, birth
from tests.infra.waiting import eventually

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"


def script(folder: Path, lines: str) -> list[str]:
    """A program that says `ready` once its lines have run, and then stays."""
    path = folder / "program.py"
    path.write_text(f"{lines}\nimport time\nprint('ready', flush=True)\ntime.sleep(600)\n")
    return [sys.executable, "-I", str(path)]


def program(folder: Path, lines: str, *, stop_seconds: float = 10.0) -> Program:
    log = folder / "program.log"

    async def healthy(_: int) -> bool:
        return "ready" in log.read_text()

    return Program("program", script(folder, lines), log, healthy, stop_seconds=stop_seconds)


async def test_a_child_that_dies_is_started_again_and_it_is_said(tmp_path: Path) -> None:
    sentences: list[str] = []
    child = Child(program(tmp_path, ""), restarts=True, say=sentences.append)
    await child.start()
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: "program runs again" in sentences)
    assert child.pid not in (None, first)
    assert sentences[0] == "program ended by itself (exit code -9); it is started again"
    await child.stop()
    assert child.pid is None


async def test_a_child_that_will_not_stop_is_killed_after_its_time(tmp_path: Path) -> None:
    sentences: list[str] = []
    child = Child(program(tmp_path, STUBBORN, stop_seconds=0.3), say=sentences.append)
    await child.start()
    pid = child.pid
    await child.stop()
    assert pid is not None
    assert birth(pid) is None
    assert sentences == ["program did not stop within 0.3 s; it is killed"]


async def test_what_a_child_started_goes_with_it(tmp_path: Path) -> None:
    lines = (
        "import subprocess, sys\n"
        "found = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[0] + '.pid', 'w').write(str(found.pid))"
    )
    child = Child(program(tmp_path, lines))
    await child.start()
    grandchild = int((tmp_path / "program.py.pid").read_text())
    assert birth(grandchild) is not None
    await child.stop()
    await eventually(lambda: birth(grandchild) is None)


async def test_a_program_that_ends_while_starting_shows_the_end_of_its_log(tmp_path: Path) -> None:
    child = Child(program(tmp_path, "raise SystemExit('the till is jammed')"))
    with pytest.raises(ProcessFailed, match=r"exit code 1(.|\n)*the till is jammed"):
        await child.start()
    assert child.pid is None


async def test_a_start_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    child = Child(program(tmp_path, "import time; print('begun', flush=True); time.sleep(600)"))
    starting = asyncio.create_task(child.start())
    await eventually(lambda: "begun" in _text(tmp_path / "program.log"))
    pid = child.pid
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert pid is not None
    assert birth(pid) is None


async def test_killing_the_supervisor_ends_its_children(tmp_path: Path) -> None:
    lines = STUBBORN + "; open(__file__ + '.pid', 'w').write(str(__import__('os').getpid()))"
    command = script(tmp_path, lines)
    supervisor = tmp_path / "supervisor.py"
    supervisor.write_text(
        textwrap.dedent(f"""
        import asyncio, sys
        from pathlib import Path
        from infra.local.stack.processes import Child, Program
        log = Path({str(tmp_path)!r}) / "program.log"
        async def healthy(pid): return "ready" in log.read_text()
        async def main():
            await Child(Program("program", {command!r}, log, healthy)).start()
            print("up", flush=True)
            await asyncio.sleep(600)
        asyncio.run(main())
        """)
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(supervisor), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"up\n"
    child = int((tmp_path / "program.py.pid").read_text())
    process.kill()
    await process.communicate()
    await eventually(lambda: birth(child) is None)


async def test_what_survived_the_last_run_is_ended_and_named(tmp_path: Path) -> None:
    survivor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import time; time.sleep(600)"
    )
    last_run = Record(tmp_path / "run.json")
    last_run.add("worker", survivor.pid, signal.SIGTERM)
    ended = await asyncio.to_thread(Record(tmp_path / "run.json").end_survivors)
    assert ended == ["worker"]
    assert await survivor.wait() == -signal.SIGTERM
    assert Record(tmp_path / "run.json").end_survivors() == []


async def test_a_number_that_another_process_has_now_is_left_alone() -> None:
    bystander = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import time; time.sleep(600)"
    )
    Entry("worker", bystander.pid, "another birth", signal.SIGKILL).send(signal.SIGKILL)
    await asyncio.sleep(0.1)
    assert bystander.returncode is None
    bystander.kill()
    await bystander.wait()


async def test_a_command_that_is_interrupted_is_ended(tmp_path: Path) -> None:
    lines = "open(__file__ + '.pid', 'w').write(str(__import__('os').getpid()))"
    running = asyncio.create_task(run(script(tmp_path, lines)))
    await eventually(lambda: _text(tmp_path / "program.py.pid") != "")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert birth(int(_text(tmp_path / "program.py.pid"))) is None


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
