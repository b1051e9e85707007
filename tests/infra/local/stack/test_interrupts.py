"""Work that is interrupted ends in order, though nobody is left to read what it says."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from infra.local.stack.record import birth
from tests.infra.local.stack.test_endings import AT_A_TERMINAL
from tests.infra.waiting import eventually

WORK = """
import asyncio, os, sys
from pathlib import Path
from rich.console import Console
from infra.local.stack.interrupts import until_interrupted

async def work():
    try:
        Path(sys.argv[1]).write_text(str(os.getpid()))
        await asyncio.sleep(600)
    finally:
        await asyncio.sleep(0.1)
        Path(sys.argv[1]).with_suffix(".done").write_text("put away")

sys.exit(asyncio.run(until_interrupted(work(), Console(), code=7)))
"""
LEADER = """
import signal, subprocess, sys
signal.signal(signal.SIGHUP, lambda *_: None)
sys.exit(subprocess.call(sys.argv[1:]))
"""


async def begun(note: Path) -> int:
    await eventually(lambda: note.exists() and note.read_text() != "")
    return await asyncio.to_thread(lambda: int(note.read_text()))


async def test_work_whose_reader_has_left_is_put_away_all_the_same(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORK, str(tmp_path / "work")), stdout=writer, stderr=writer
    )
    os.close(writer)
    await begun(tmp_path / "work")
    os.close(reader)
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(60):
        assert await process.wait() == 7
    assert (tmp_path / "work.done").read_text() == "put away"


async def test_work_at_a_terminal_that_hangs_up_is_put_away_though_nobody_passes_it_on(
    tmp_path: Path,
) -> None:
    screen, inside = os.openpty()
    command = (sys.executable, "-c", LEADER, sys.executable, "-c", WORK, str(tmp_path / "work"))
    leader = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", AT_A_TERMINAL, *command),
        stdin=inside,
        stdout=inside,
        stderr=inside,
    )
    os.close(inside)
    pid = await begun(tmp_path / "work")
    os.close(screen)
    await eventually(lambda: birth(pid) is None)
    assert (tmp_path / "work.done").read_text() == "put away"
    await leader.wait()


async def test_work_under_nohup_outlives_its_terminal(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *("nohup", sys.executable, "-c", WORK, str(tmp_path / "work")),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    pid = await begun(tmp_path / "work")
    process.send_signal(signal.SIGHUP)
    await asyncio.sleep(0.5)
    assert birth(pid) is not None
    assert not (tmp_path / "work.done").exists()
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 7
