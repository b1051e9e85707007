"""A sandbox PSP as a process of its own, a caller of it, and a receiver of its webhooks."""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
from standardwebhooks import Webhook

from infra.local.stack.ports import HOST, free_ports

KEYS = {"primary": "sk_sandbox_of_the_first", "secondary": "sk_sandbox_of_the_second"}
SECRET = "whsec_" + base64.b64encode(b"what only the two of us know....").decode()
OK = "tok_ok"
_NUMBERS = itertools.count(1)


def fresh(word: str) -> str:
    """A reference nobody used."""
    return f"{word}_{next(_NUMBERS)}"


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@dataclass(frozen=True)
class Heard:
    id: str
    type: str
    operation: dict[str, Any]
    body: bytes
    signature: str
    answered: int


class Receiver:
    """Takes webhooks whose signature is right; answers 500 to the first `refusals`."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.refusals = 0
        self.hangs_up = False

    def of(self, reference: str) -> list[Heard]:
        return [each for each in self.heard if each.operation["reference"] == reference]

    async def wait_for(self, reference: str, count: int = 1) -> list[Heard]:
        """Until so many were taken (not refused)."""
        async with asyncio.timeout(60):
            while True:
                taken = [each for each in self.of(reference) if each.answered == 204]
                if len(taken) >= count:
                    return taken
                await asyncio.sleep(0.01)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")[1:-2]
                headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                if self.hangs_up:
                    break
                status = self._hear(headers, body)
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _hear(self, headers: dict[str, str], body: bytes) -> int:
        message = Webhook(SECRET).verify(body, headers)
        assert message["id"] == headers["webhook-id"]
        status = 204 if self.refusals == 0 else 500
        self.refusals = max(0, self.refusals - 1)
        signature = headers["webhook-signature"]
        self.heard.append(
            Heard(message["id"], message["type"], message["data"], body, signature, status)
        )
        return status


class SandboxPsp:
    def __init__(self, folder: Path, receiver: Receiver, webhook_port: int) -> None:
        self.receiver = receiver
        port = free_ports(1)[0]
        self.url = f"http://{HOST}:{port}"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("PAYSAGA_")},
            "PAYSAGA_SANDBOX_PSP_PORT": str(port),
            "PAYSAGA_SANDBOX_PSP_DATABASE": str(folder / "psp" / "truth.db"),
            "PAYSAGA_SANDBOX_PSP_WEBHOOK_URL": f"http://{HOST}:{webhook_port}/webhooks",
            "PAYSAGA_SANDBOX_PSP_KEY_PRIMARY": KEYS["primary"],
            "PAYSAGA_SANDBOX_PSP_KEY_SECONDARY": KEYS["secondary"],
            "PAYSAGA_SANDBOX_PSP_WEBHOOK_SECRET": SECRET,
        }
        self.http = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=10)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await launch(self.environment)
        async with asyncio.timeout(60):
            while True:
                try:
                    if (await self.http.get("/healthz")).is_success:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.02)

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """The exit code and what was logged."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(how)
        output, _ = await self._process.communicate()
        return self._process.returncode or 0, output.decode()

    async def write(
        self, path: str, body: object, *, key: str | None = None, account: str = "primary"
    ) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {KEYS[account]}",
            "Idempotency-Key": key or secrets.token_hex(8),
            "X-Trace-Id": "trace-of-the-test",
        }
        return await self.http.post(f"/v1{path}", json=body, headers=headers)

    async def do(self, path: str, **body: object) -> dict[str, Any]:
        """One that must be answered with 200, under a reference of its own if none is given."""
        response = await self.write(path, {"reference": fresh("any"), **body})
        assert response.status_code == 200, response.text
        done: dict[str, Any] = response.json()
        return done

    async def authorize(
        self, token: str | None = OK, amount: int = 5000, **more: object
    ) -> dict[str, Any]:
        return await self.do("/authorizations", **authorization(token, amount, **more))

    async def capture(self, of: dict[str, Any], amount: int, **more: object) -> dict[str, Any]:
        path = f"/authorizations/{of['id']}/captures"
        return await self.do(path, amount=amount, **{"currency": "EUR", **more})

    async def void(self, of: dict[str, Any]) -> dict[str, Any]:
        return await self.do(f"/authorizations/{of['id']}/voids")

    async def refund(self, of: dict[str, Any], amount: int) -> dict[str, Any]:
        return await self.do(f"/captures/{of['id']}/refunds", amount=amount, currency="EUR")

    async def look_up(self, reference: str, account: str = "primary") -> httpx.Response:
        return await self.http.get(
            "/v1/operations",
            params={"reference": reference},
            headers={"Authorization": f"Bearer {KEYS[account]}"},
        )

    async def journal(self, reference: str) -> list[dict[str, Any]]:
        response = await self.http.get("/_control/journal", params={"reference": reference})
        entries: list[dict[str, Any]] = response.json()["entries"]
        return entries

    async def has_done(self, reference: str) -> bool:
        return bool(await self.journal(reference))

    async def control(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        content = None if body is None else orjson.dumps(body)
        response = await self.http.request(method, f"/_control/{path}", content=content)
        assert response.is_success, response.text
        answer: dict[str, Any] = response.json()
        return answer

    @asynccontextmanager
    async def behaving(self, **modes: object) -> AsyncIterator[None]:
        before = await self.control("GET", "settings")
        await self.control("PUT", "settings", modes)
        yield
        await self.control("PUT", "settings", before)


def authorization(token: str | None = OK, amount: int = 5000, **more: object) -> dict[str, Any]:
    return {
        "reference": fresh("in"),
        "amount": amount,
        "currency": "EUR",
        "method": "card",
        "payment_token": token,
        "player_id": "player-1",
        "return_url": "https://casino.example/back?tab=cashier",
        **more,
    }


def codes(*done: dict[str, Any]) -> list[str | None]:
    """Why each is declined; None where it is approved."""
    for each in done:
        assert each["status"] == ("declined" if each["decline"] else "approved")
    return [each["decline"] and each["decline"]["code"] for each in done]


async def launch(environment: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "infra.local.psps.sandbox",
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


@asynccontextmanager
async def sandbox_psp(folder: Path) -> AsyncIterator[SandboxPsp]:
    """Started, with a receiver that listens; both are gone at the end."""
    receiver = Receiver()
    listening = await asyncio.start_server(receiver.serve, HOST, 0)
    psp = SandboxPsp(folder, receiver, listening.sockets[0].getsockname()[1])
    try:
        await psp.start()
        yield psp
    finally:
        await psp.http.aclose()
        await psp.stop()
        listening.close()
