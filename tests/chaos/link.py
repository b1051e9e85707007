"""A TCP proxy between two processes: healthy until somebody makes it refuse, cut, lag or swallow.

Loopback only. What it does to bytes is decided chunk by chunk, so that a fault also meets the
connections that were there before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from enum import StrEnum

HOST = "127.0.0.1"
_CHUNK = 65536
_SLOW_CHUNK = 512

LAG_SECONDS = 0.2
SLOW_BYTES_PER_SECOND = 10_000
CUT_AFTER_BYTES = 700
"""Of one direction: in the middle of an answer, or of a handshake."""


class Weather(StrEnum):
    """What becomes of bytes on their way."""

    FAIR = "fair"
    REFUSED = "refused"
    """Nobody listens any more; what was connected is reset."""
    CUT = "cut"
    """What is connected is reset, and whatever connects anew after a few hundred bytes."""
    LAGGING = "200 ms late"
    SLOW = "10 kB/s"
    PARTITIONED = "partitioned"
    """Nothing arrives; once it is over, everything does."""
    HALF_OPEN = "half-open"
    """Nothing arrives, and what was connected stays dumb for ever: only new connections work."""


class Link:
    """From one process to another's port. `port` is where the first one connects to instead."""

    def __init__(self, name: str, target: int) -> None:
        self.name = name
        self.weather = Weather.FAIR
        self.target = target
        self._socket = _bound(0)
        self.port = int(self._socket.getsockname()[1])
        self._server: asyncio.Server | None = None
        self._lines: set[_Line] = set()
        self._lifted = asyncio.Event()
        self._lifted.set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._connected, sock=self._socket)

    async def close(self) -> None:
        self._lifted.set()
        await self._stop_listening()
        self._socket.close()

    async def turn(self, weather: Weather) -> None:
        """Let the weather change, for whom is connected and for whom connects."""
        before, self.weather = self.weather, weather
        if weather in (Weather.REFUSED, Weather.CUT):
            self._reset()
        if weather is Weather.HALF_OPEN:
            for line in self._lines:
                line.dumb = True
        (self._lifted.clear if weather is Weather.PARTITIONED else self._lifted.set)()
        if weather is Weather.REFUSED:
            await self._stop_listening()
            # Bound and not listening: nobody else gets the port, and who connects is refused.
            self._socket = _bound(self.port)
        elif before is Weather.REFUSED:
            await self.open()

    async def _stop_listening(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self._reset()
        await asyncio.sleep(0)

    def _reset(self) -> None:
        for line in list(self._lines):
            line.abort()

    async def _connected(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        line = _Line(dumb=self.weather is Weather.HALF_OPEN)
        line.writers.append(back)
        self._lines.add(line)
        try:
            await self._lifted.wait()
            far, forth = await asyncio.open_connection(HOST, self.target)
            line.writers.append(forth)
            there = asyncio.create_task(self._pump(line, near, forth))
            here = asyncio.create_task(self._pump(line, far, back))
            await asyncio.wait((there, here), return_when=asyncio.FIRST_COMPLETED)
            for task in (there, here):
                task.cancel()
            await asyncio.gather(there, here, return_exceptions=True)
        except OSError:
            line.abort()
        finally:
            self._lines.discard(line)
            line.close()

    async def _pump(
        self, line: _Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while chunk := await reader.read(self._mouthful):
                await self._hold_up(len(chunk))
                if line.dumb:
                    continue
                passed += len(chunk)
                if self.weather is Weather.CUT and passed > CUT_AFTER_BYTES:
                    line.abort()
                    return
                writer.write(chunk)
                await writer.drain()

    @property
    def _mouthful(self) -> int:
        return _SLOW_CHUNK if self.weather in (Weather.SLOW, Weather.CUT) else _CHUNK

    async def _hold_up(self, size: int) -> None:
        if self.weather is Weather.LAGGING:
            await asyncio.sleep(LAG_SECONDS)
        elif self.weather is Weather.SLOW:
            await asyncio.sleep(size / SLOW_BYTES_PER_SECOND)
        await self._lifted.wait()


class _Line:
    """One connection through a link, both its ends."""

    def __init__(self, *, dumb: bool) -> None:
        self.dumb = dumb
        self.writers: list[asyncio.StreamWriter] = []

    def abort(self) -> None:
        """A reset, which loses what is on its way."""
        for writer in self.writers:
            writer.transport.abort()

    def close(self) -> None:
        for writer in self.writers:
            writer.close()


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((HOST, port))
    return made
