"""`make down`: ends what `make up` started, from any shell, and waits until it has ended."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

from infra.local.stack.record import Entry, Record
from infra.local.stack.stack import AlreadyRunning, notice_in, sole

_PATIENCE_SECONDS = 90.0
"""Every process of a stack has its own time to stop, one after the other."""


def down(
    folder: Path, say: Callable[[str], None], *, patience_seconds: float = _PATIENCE_SECONDS
) -> int:
    """The exit code: 0 when nothing runs any more, 1 when somebody holds the folder still.

    A pid alone proves nothing, numbers are used again: only the very process that wrote itself
    down is ended.
    """
    holder = _holder(folder)
    if holder is not None:
        say(f"stopping process {holder.pid}, which runs the stack in {folder.resolve()}")
        _end(holder, patience_seconds, say)
    try:
        left = _survivors(folder)
    except AlreadyRunning as other:
        say(f"{other} Try again in a moment.")
        return 1
    if left:
        say(f"ended what was left behind: {', '.join(left)}")
    say("stopped" if holder or left else f"Nothing runs in {folder.resolve()}.")
    return 0


def _survivors(folder: Path) -> list[str]:
    """Ended, by name. Raises AlreadyRunning."""
    if not folder.is_dir():
        return []
    with sole(folder):
        return Record(folder / "run.json").end_survivors()


def _holder(folder: Path) -> Entry | None:
    notice = notice_in(folder)
    pid, born = notice.get("pid"), notice.get("birth")
    if not isinstance(pid, int) or not isinstance(born, str):
        return None
    holder = Entry("the stack", pid, born, signal.SIGTERM)
    return holder if holder.lives() else None


def _end(holder: Entry, patience_seconds: float, say: Callable[[str], None]) -> None:
    holder.send(signal.SIGTERM)
    deadline = time.monotonic() + patience_seconds
    while holder.lives() and time.monotonic() < deadline:
        time.sleep(0.1)
    if holder.lives():
        say(f"it did not stop within {patience_seconds:g} s; it is killed")
        holder.send(signal.SIGKILL)
        while holder.lives():
            time.sleep(0.05)
