"""A lookalike that runs, a caller of it, and a receiver of its webhooks: real HTTP throughout."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from infra.local.demo.sandbox import SandboxPsp
from infra.local.psps.base.process import Server, listen
from infra.local.psps.base.profile import Credentials, find
from infra.local.psps.base.server import Build, lookalike
from infra.local.psps.base.settings import Settings
from infra.local.stack.ports import HOST, free_ports


@dataclass(frozen=True)
class Heard:
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    answered: int

    @property
    def message(self) -> Any:
        return orjson.loads(self.body)


class Receiver:
    """Takes webhooks; answers 500 to the first `refusals`, else 200 with `answer`."""

    def __init__(self, answer: str = "") -> None:
        self.heard: list[Heard] = []
        self.refusals, self.answer, self.url = 0, answer, ""

    @property
    def taken(self) -> list[Heard]:
        return [each for each in self.heard if each.answered == 200]

    async def wait_for(self, count: int) -> list[Heard]:
        """Until so many were taken. Raises TimeoutError."""
        await until(lambda: len(self.taken) >= count)
        return self.taken

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")[1:-2]
                headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                status = 200 if self.refusals == 0 else 500
                self.refusals = max(0, self.refusals - 1)
                self.heard.append(Heard(headers, body, status))
                length = len(self.answer)
                writer.write(
                    f"HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{self.answer}".encode()
                )
                await writer.drain()
        writer.close()


async def until(holds: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(60):
        while True:
            held = holds()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.01)


@dataclass(frozen=True)
class Running:
    url: str
    http: httpx.AsyncClient
    """With the lookalike as its base URL, and nothing else set."""
    receiver: Receiver
    credentials: Credentials
    psp: SandboxPsp
    """As the demo sees it: the hosted page answered, the journal read."""

    async def order(self, what: str, **body: object) -> None:
        """A fault, or how webhooks are sent: `order("faults", fault="html")`."""
        answer = await self.http.post(f"/_control/{what}", json=body)
        assert answer.is_success, answer.text

    async def webhooks(self) -> list[dict[str, Any]]:
        webhooks: list[dict[str, Any]] = (await self.http.get("/_control/webhooks")).json()[
            "webhooks"
        ]
        return webhooks


@asynccontextmanager
async def listening(answer: str = "") -> AsyncIterator[Receiver]:
    receiver = Receiver(answer)
    server = await asyncio.start_server(receiver.serve, HOST, 0)
    receiver.url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}/webhooks"
    try:
        yield receiver
    finally:
        server.close()


@asynccontextmanager
async def in_process(build: Build, credentials: Credentials) -> AsyncIterator[Running]:
    """One that a test gives its words: it listens on a port of its own all the same."""
    async with listening() as receiver:
        settings = Settings(
            port=free_ports(1)[0],
            webhook_url=receiver.url,
            credentials=credentials,
        )
        server = _Quiet(lookalike(build, settings))
        listens = listen("the lookalike of a test", settings)
        serving = asyncio.create_task(server.serve(sockets=[listens]))
        try:
            async with _called(settings.url, receiver, credentials) as running:
                yield running
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def as_process(
    name: str, credentials: Credentials, answer: str = ""
) -> AsyncIterator[Running]:
    """`python -m infra.local.psps <name>`; its receiver says `answer` to what it takes."""
    async with listening(answer) as receiver:
        port = free_ports(1)[0]
        environment = find(name).server_environment(credentials, port, receiver.url)
        ours = {k: v for k, v in os.environ.items() if not k.startswith("PAYSAGA_")}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "infra.local.psps", name, env={**ours, **environment}
        )
        try:
            async with _called(f"http://{HOST}:{port}", receiver, credentials) as running:
                yield running
        finally:
            process.terminate()
            assert await process.wait() == 0


@asynccontextmanager
async def _called(url: str, receiver: Receiver, credentials: Credentials) -> AsyncIterator[Running]:
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as http:

        async def healthy() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return (await http.get("/healthz")).is_success
            return False

        await until(healthy)
        yield Running(url, http, receiver, credentials, SandboxPsp(http))


class _Quiet(Server):
    """Signals are for the tests' own process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
