"""The servers of the drill, and those who speak for the world: the PSP's webhooks, the zygote."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncpg
import httpx
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.psp.certification import Heard
from activities.psp.contract import WebhookRequest
from activities.psp.plugins.sandbox.adapter import SandboxAdapter
from infra.local.demo.sandbox import SandboxPsp
from infra.local.stack.ports import HOST, free_ports
from infra.local.stack.postgres import Database
from infra.local.stack.processes import Child, Program
from infra.local.stack.temporal import LocalTemporal
from infra.postgres import open_pool
from infra.settings import Postgres, Temporal
from infra.temporal import connect
from tests.activities.psp.peer import Ends, listening, response, sends
from tests.crashes.ward import KEYS, WEBHOOK_SECRET, Ground, Speaking, Ward
from tests.crashes.zygote import Doomed
from tests.sealing import SETTING, sealed_fact, sealing
from workflows.domain.events import PspEvent
from workflows.domain.identity import LATE_EVENT, late_workflow_id, payment_of, workflow_of
from workflows.domain.seals import FACT

_ROOT = Path(__file__).parents[2]
_SIGNAL_SECONDS = 3.0


class Zygote:
    """Forks workers that die; `died` gives what became of one."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._words: dict[str, asyncio.Queue[list[str]]] = {}
        self._reading = asyncio.create_task(self._read())

    async def fork(self, doomed: Doomed) -> None:
        """Until it is at work."""
        self._words[doomed.ward.name] = asyncio.Queue()
        assert self._process.stdin is not None
        self._process.stdin.write(doomed.line())
        word = await self._next(doomed.ward.name)
        assert word == ["ready"], word

    async def death_of(self, name: str) -> tuple[list[str], int]:
        """The runs that never came to their points, and the exit code."""
        died, *missing = await self._next(name)
        exited, code = await self._next(name)
        assert (died, exited) == ("died", "exited"), (died, exited)
        return missing, int(code)

    async def aclose(self) -> None:
        self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await self._reading
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def _next(self, name: str) -> list[str]:
        async with asyncio.timeout(60):
            return await self._words[name].get()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            name, *words = line.decode().split()
            if name in self._words:
                self._words[name].put_nowait(words)


@dataclass
class Door:
    """Where the PSP sends its webhooks: verified by the plugin, told to the payment's run."""

    client: Callable[[], Client]
    adapter: SandboxAdapter
    pool: Callable[[], asyncpg.Pool]
    wards: dict[str, Ward] = field(default_factory=dict)
    """By payment."""

    async def behave(self, heard: Heard, ends: Ends) -> None:
        request = WebhookRequest(heard.headers, heard.body, time.time())
        delivery = await self.adapter.hear(request)
        status = 204
        try:
            for event in delivery.events:
                await self._tell(event)
        except (RPCError, RuntimeError, TimeoutError):
            status = 503
        await sends(response(status, b""))(heard, ends)

    async def _tell(self, event: PspEvent) -> None:
        ward = self.wards.get(event.payment_id)
        if ward is None:
            return
        event, client = replace(event, psp=ward.psp), self.client()
        arguments = await sealed_fact(event.payment_id, event, self.pool())
        async with asyncio.timeout(_SIGNAL_SECONDS):
            try:
                run = client.get_workflow_handle(str(workflow_of(event.payment_id)))
                await run.signal(FACT, args=arguments)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                await client.start_workflow(
                    LATE_EVENT,
                    event.payment_id,
                    id=late_workflow_id(event.payment_id),
                    task_queue=ward.queue,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    start_signal=FACT,
                    start_signal_args=arguments,
                )


@dataclass
class Stage:
    ground: Ground
    temporal: LocalTemporal
    client: Client
    pool: asyncpg.Pool
    psp: SandboxPsp
    adapter: SandboxAdapter
    door: Door
    zygote: Zygote

    async def tell_what_was_not_promised(self, payments: Collection[str]) -> None:
        """The PSP tells by webhook what it has already answered to somebody who died."""
        events = (await self.psp.http.get("/_control/webhooks")).json()["webhooks"]
        withheld = [
            event["id"]
            for event in events
            if event["state"] == "withheld" and payment_of(event["reference"]) in payments
        ]
        for event_id in withheld:
            answer = await self.psp.http.post(f"/_control/webhooks/{event_id}/resend")
            answer.raise_for_status()

    async def kill_temporal(self) -> None:
        """kill -9, and up again on the same file: what was accepted and not written is gone."""
        assert self.temporal.pid is not None
        os.kill(self.temporal.pid, signal.SIGKILL)
        await self.temporal.stop()
        await self.temporal.start()


@asynccontextmanager
async def stage(folder: Path, database: Database) -> AsyncIterator[Stage]:
    ports = free_ports(2)
    file = _in_memory(folder / "temporal")
    temporal = LocalTemporal(file, ports[0], log=folder / "temporal.log")
    url = f"http://{HOST}:{ports[1]}"
    adapter = Speaking("sandbox", url).connect()
    assert isinstance(adapter, SandboxAdapter)
    clients: list[Client] = []
    pools: list[asyncpg.Pool] = []
    door = Door(lambda: clients[0], adapter, lambda: pools[0])
    postgres = Postgres.model_validate({"url": database.url})
    async with (
        listening(door.behave) as peer,
        _sandbox(folder, url, ports[1], f"{peer.url}/webhooks/sandbox"),
        _temporal(temporal, file),
        _zygote(folder / "dying.log") as zygote,
        await open_pool(postgres) as pool,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=10.0) as http,
    ):
        clients.append(sealing(await connect(Temporal(address=temporal.address)), pool))
        pools.append(pool)
        ground = Ground(database.worker_url, temporal.address, url)
        yield Stage(ground, temporal, clients[0], pool, SandboxPsp(http), adapter, door, zygote)
        await adapter.aclose()


def _in_memory(otherwise: Path) -> Path:
    """kill -9 takes no page from the system: a file in memory outlives it, and costs no disk."""
    shared = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    if not os.access(shared, os.W_OK):
        return otherwise
    return Path(tempfile.mkdtemp(prefix="paysaga-crashes-", dir=shared))


@asynccontextmanager
async def _temporal(server: LocalTemporal, file: Path) -> AsyncIterator[None]:
    await server.start()
    try:
        yield
    finally:
        await server.stop()
        shutil.rmtree(file)


@asynccontextmanager
async def _sandbox(folder: Path, url: str, port: int, webhook_url: str) -> AsyncIterator[None]:
    given = {
        "HOST": HOST,
        "PORT": str(port),
        "DATABASE": str(folder / "psp.db"),
        "WEBHOOK_URL": webhook_url,
        "WEBHOOK_SECRET": WEBHOOK_SECRET,
        **{f"KEY_{account.upper()}": key for account, key in KEYS.items()},
    }
    environment = {f"PAYSAGA_SANDBOX_PSP_{name}": value for name, value in given.items()}

    async def healthy(_: int) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as http:
                return (await http.get(f"{url}/_control/settings")).status_code == 200
        except httpx.TransportError:
            return False

    child = Child(
        Program(
            name="sandbox-psp",
            command=[sys.executable, "-m", "infra.local.psps.sandbox"],
            log=folder / "psp.log",
            healthy=healthy,
            environment=_environment(environment),
        )
    )
    await child.start()
    try:
        yield
    finally:
        await child.stop()


@asynccontextmanager
async def _zygote(log: Path) -> AsyncIterator[Zygote]:
    with log.open("ab") as written:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.crashes.zygote"),
            cwd=_ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=written,
            env=_environment({}),
        )
    zygote = Zygote(process)
    try:
        yield zygote
    finally:
        await zygote.aclose()


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAYSAGA_")}
    return {**kept, "PAYSAGA_SEALS_KEYS": SETTING, **given}
