"""Ctrl-C, SIGTERM, a terminal that is gone: the work is cancelled once, in order, and says so."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import IO, Any, cast

from rich.console import Console

_LOOK_SECONDS = 0.5


async def until_interrupted(
    work: Coroutine[Any, Any, int], console: Console, *, code: int = 0
) -> int:
    """What the work gives, or `code` when it was interrupted. Impatience changes nothing.

    Whoever read the console may be gone by then: nothing that is said fails from now on.
    """
    console.file = lasting(console.file)
    task, interrupted = asyncio.ensure_future(work), False

    def stop() -> None:
        nonlocal interrupted
        again, interrupted = interrupted, True
        if not again:
            task.cancel()
        console.print("stopping already; it takes a few seconds" if again else "\nstopping")

    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop)
    with contextlib.ExitStack() as watching:
        # `nohup` wants it to outlive the terminal.
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGHUP, stop)
            watching.enter_context(_terminal_watched(stop))
        try:
            return await task
        except asyncio.CancelledError:
            if not interrupted:
                raise
            console.print("stopped")
            return code


@contextlib.contextmanager
def _terminal_watched(lost: Callable[[], None]) -> Iterator[None]:
    """Calls `lost` once when our terminal hangs up: its session's leader alone gets the signal, and
    a leader like make does not pass it on."""
    fd = next((os.dup(each) for each in (0, 1, 2) if _is_terminal(each)), None)
    if fd is None:
        yield
        return
    watch = asyncio.create_task(_until_hung_up(fd, lost))
    try:
        yield
    finally:
        watch.cancel()
        os.close(fd)


async def _until_hung_up(fd: int, lost: Callable[[], None]) -> None:
    line = select.poll()
    # No event is asked for: a hang-up is told all the same, and what is typed is not ours.
    line.register(fd, 0)
    while not line.poll(0):  # noqa: ASYNC110 - no event loop tells of a hang-up alone
        await asyncio.sleep(_LOOK_SECONDS)
    lost()


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False


class _Lasting:
    """A stream that its reader may leave: what is written after that goes nowhere."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            self._go_nowhere()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            self._go_nowhere()

    def _go_nowhere(self) -> None:
        """What is buffered already must not fail either, when the interpreter ends."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def lasting(stream: IO[str]) -> IO[str]:
    """The stream, for a process that must end in order whether anybody reads it or not."""
    return cast("IO[str]", _Lasting(stream))
